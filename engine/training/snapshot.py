"""Everything that decides how a run goes on, as tensors and facts for a checkpoint, and back."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from engine.config import TrainingConfig
from engine.errors import TrainingError
from engine.models.state_tensors import state_tensors
from engine.training.progress import Progress

_OPTIMIZER_KEYS = ("step", "exp_avg", "exp_avg_sq")


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The parts of a run that a checkpoint holds; they are read, and changed in place.

    The carried state is handed in and out, since a run replaces it at every step.
    """

    module: nn.Module
    optimizer: torch.optim.Optimizer
    progress: Progress
    dice: random.Random
    device: torch.device
    vocabulary_size: int

    def model_tensors(self) -> dict[str, Tensor]:
        return {f"model.{name}": value for name, value in self.module.state_dict().items()}

    def facts(self, config: TrainingConfig) -> dict[str, Any]:
        version, numbers, spare = self.dice.getstate()
        return {
            "config": msgspec.to_builtins(config),
            "vocabulary_size": self.vocabulary_size,
            "progress": dataclasses.asdict(self.progress),
            "dice": [version, list(numbers), spare],
        }

    def tensors(self, state: object) -> dict[str, Tensor]:
        """All of them, those of the carried ``state`` among them."""
        tensors = self.model_tensors()
        for name, parameter in self.module.named_parameters():
            for key, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{key}.{name}"] = torch.as_tensor(value)
        tensors["random.cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state()
        for index, value in enumerate(state_tensors(state)):
            tensors[f"state.{index}"] = value
        return tensors

    def take_up(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> list[Tensor]:
        """Be what was written; returns the tensors of the carried state, none if there was none.

        Raises:
            TrainingError: when it is of another vocabulary.
        """
        if facts["vocabulary_size"] != self.vocabulary_size:
            raise TrainingError(
                "The checkpoint was made with another vocabulary.", "Train a new model."
            )
        vars(self.progress).update(facts["progress"])
        version, numbers, spare = facts["dice"]
        self.dice.setstate((version, tuple(numbers), spare))
        self.module.load_state_dict(
            {n[6:]: v for n, v in tensors.items() if n.startswith("model.")}, strict=True
        )
        for name, parameter in self.module.named_parameters():
            found = {
                key: tensors[f"optimizer.{key}.{name}"]
                for key in _OPTIMIZER_KEYS
                if f"optimizer.{key}.{name}" in tensors
            }
            if found:
                counts_here = self.device.type != "mps"
                self.optimizer.state[parameter] = {
                    key: value.to(self.device) if counts_here or key != "step" else value
                    for key, value in found.items()
                }
        if "random.cpu" in tensors:
            torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])
        places = (f"state.{index}" for index in range(len(tensors)))
        return [tensors[place].to(self.device) for place in places if place in tensors]
