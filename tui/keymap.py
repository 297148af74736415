"""Every action of the program with its default keys. See :mod:`tui.actions` for what a row means.

The keys for the rooms: no Ctrl+letter is left over (the editor and the writing loop have them
all), F6 and F7 are the editor's, F11 is the terminal window's. Ctrl+\\ is one plain byte that
tmux, SSH and mosh pass on, so it leads to the row of rooms, where a digit chooses; F10 does the
same where the terminal has no menu on it. F12 goes round.
"""

from __future__ import annotations

from tui.actions import Action, Registry

APP = (
    Action("app.help", "Help", "Show every key and what it does, with a search.", ("f1",),
           footer=True, priority=True),
    Action("app.command_palette", "Palette", "Find any action by name and run it.", ("f2",),
           footer=True, priority=True),
    Action("app.choose_room", "Rooms", "Go to the row of rooms; a digit or an arrow chooses one.",
           ("ctrl+backslash", "f10"), "Rooms", priority=True),
    Action("app.next_room", "Next room", "Go to the next room, and round.", ("f12",), "Rooms",
           priority=True),
    Action("app.room_corpus", "Corpus room", "Load scripts and look at them.", (), "Rooms"),
    Action("app.room_train", "Train room", "Configure a training run and watch it.", (), "Rooms"),
    Action("app.room_write", "Write room", "Write a script with the model.", (), "Rooms"),
    Action("app.room_inspect", "Inspect room", "Look inside the model.", (), "Rooms"),
    Action("app.room_library", "Library room", "Models, drafts and runs.", (), "Rooms"),
    Action("app.toggle_theme", "Dark or light", "Switch between the dark and the light theme."),
    Action("app.reconnect", "Reconnect",
           "Start the engine again, or find the one that runs."),
    Action("app.quit", "Quit", "Save the draft and leave; a training run goes on.", ("ctrl+q",),
           priority=True),
)  # fmt: skip

CORPUS = (
    Action("corpus.open", "Open", "Choose a script, several, or a folder of them.", ("o",),
           footer=True),
    Action("corpus.bundled", "Bundled sitcom", "Load the sitcom that comes with the program.",
           ("b",), footer=True),
    Action("corpus.find", "Find", "Find words in the corpus.", ("slash",), footer=True),
    Action("corpus.find_next", "Find next", "Go to the next place with these words.", ("n",)),
    Action("corpus.cutoff_down", "Cut-off −", "Keep rarer words in the vocabulary.", ("minus",)),
    Action("corpus.cutoff_up", "Cut-off +", "Keep only more frequent words.", ("plus",)),
    Action("corpus.sort", "Sort the cast", "By lines, or by words.", ("s",)),
    Action("corpus.train", "Train on it", "Go to the Train room with this corpus.", ("t",),
           footer=True),
)  # fmt: skip

TRAIN = (
    Action("train.start", "Start", "Start training with these settings.", ("ctrl+g",),
           footer=True, priority=True),
    Action("train.pause", "Pause / resume", "Pause the run, or go on with it.", ("ctrl+p",),
           footer=True, priority=True),
    Action("train.stop", "Stop, keep", "Stop the run and keep the model so far.", ("ctrl+s",),
           footer=True, priority=True),
    Action("train.discard", "Stop, delete", "Stop the run and delete its model."),
    Action("train.slower", "Learning rate ÷2", "Halve the learning rate of the run.", ("f8",)),
    Action("train.faster", "Learning rate ×2", "Double the learning rate of the run.", ("f9",)),
    Action("train.toggle_log", "Log / linear", "Switch the chart between log and linear.",
           ("ctrl+l",), footer=True),
    Action("train.toggle_form", "Settings / charts", "Show the settings or the charts.",
           ("ctrl+t",), footer=True),
    Action("train.write", "Write with it", "Go to the Write room with this model.", ("ctrl+o",)),
)  # fmt: skip

WRITE = (
    Action("write.continue", "Continue", "Let the model go on from the cursor; again to stop.",
           ("ctrl+g", "ctrl+@"), "Model", footer=True, priority=True),
    Action("write.stop", "Stop, dismiss",
           "Stop the model and keep what came; once more to dismiss it.", ("escape",), "Model",
           priority=True),
    Action("write.accept_all", "Accept", "Take the whole pending text into the draft.", ("tab",),
           "Model", footer=True, priority=True),
    Action("write.accept_word", "Accept word", "Take its next word.", ("right", "ctrl+right"),
           "Model", priority=True),
    Action("write.accept_line", "Accept line", "Take its next line or speech.", ("ctrl+l",),
           "Model", priority=True),
    Action("write.retry", "Retry", "Throw away the pending text and let the model try again.",
           ("ctrl+r",), "Model", footer=True, priority=True),
    Action("write.next_alternative", "Next alternative", "Show the next alternative.",
           ("ctrl+n",), "Model", priority=True),
    Action("write.previous_alternative", "Previous alternative",
           "Show the alternative before.", ("ctrl+p",), "Model", priority=True),
    Action("write.speak_as", "Speak as", "Let a character speak: a digit or a name chooses.",
           ("ctrl+t",), "Model", footer=True, priority=True),
    Action("write.suggest_speaker", "Who speaks next", "Ask the model who would speak next."),
    Action("write.fill_in", "Fill in", "Write a passage that leads into what stands behind the"
           " cursor.", (), "Model"),
    Action("write.cooler", "Temperature −", "Make the model more careful.", ("f8",), "Odds",
           priority=True),
    Action("write.warmer", "Temperature +", "Make the model more daring.", ("f9",), "Odds",
           priority=True),
    Action("write.settings", "Odds", "Open or close the panel with all the settings.", (),
           "Odds"),
    Action("write.preset_careful", "Careful", "Settings that stay close to the corpus.", (),
           "Odds"),
    Action("write.preset_lively", "Lively", "The usual settings.", (), "Odds"),
    Action("write.preset_wild", "Wild", "Settings that surprise.", (), "Odds"),
    Action("write.choose_model", "Choose model", "Write with another model.", (), "Odds"),
    Action("write.inspect", "Inspect", "Show the odds of each word; a digit swaps the word.",
           ("f5",), "Look", footer=True, priority=True),
    Action("write.tree", "Tree", "Show everything that was tried.", ("f3",), "Look",
           footer=True, priority=True),
    Action("write.branch", "Branch here", "Start another branch at the cursor.", ("f4",), "Look",
           priority=True),
    Action("write.toggle_origin", "Who wrote what", "Tint what the model wrote, or not.", (),
           "Look"),
    Action("write.toggle_focus", "Focus mode", "Hide everything but the page.", (), "Look"),
    Action("write.outline", "Outline", "List the scenes and go to one.", (), "Look"),
    Action("write.undo", "Undo", "Take back the last change.", ("ctrl+z",), "Draft",
           priority=True),
    Action("write.redo", "Redo", "Do it again.", ("ctrl+y",), "Draft", priority=True),
    Action("write.find", "Find", "Find and replace in the draft.", ("ctrl+f",), "Draft",
           priority=True),
    Action("write.save", "Save", "Save the draft (it also saves itself).", ("ctrl+s",), "Draft",
           priority=True),
    Action("write.save_as", "Save under a name", "Keep the draft under another name.", (),
           "Draft"),
    Action("write.export", "Export", "Write the draft to a file: text or Fountain.", ("ctrl+o",),
           "Draft", priority=True),
    Action("write.open", "Open a draft", "Go on with another draft.", (), "Draft"),
    Action("write.import", "Import a script", "Start a draft from a text or Fountain file.", (),
           "Draft"),
    Action("write.new", "New draft", "Start an empty draft; the present one stays.", (), "Draft"),
)  # fmt: skip

INSPECT = (
    Action("inspect.refresh", "Look again", "Ask the model again about the text.", ("ctrl+g",),
           footer=True, priority=True),
    Action("inspect.next_view", "Next view", "Odds, attention, neighbours, map, cells.",
           ("ctrl+n",), footer=True, priority=True),
    Action("inspect.previous_view", "Previous view", "The view before.", ("ctrl+p",),
           priority=True),
    Action("inspect.choose_model", "Choose model", "Look into another model.", ("ctrl+o",),
           footer=True, priority=True),
)  # fmt: skip

LIBRARY = (
    Action("library.use", "Write with it", "Write with the chosen model.", ("enter",),
           footer=True),
    Action("library.resume", "Resume training", "Go on with a run that was stopped or cut off.",
           ("r",), footer=True),
    Action("library.rename", "Rename", "Give the model another name.", ("n",), footer=True),
    Action("library.delete", "Delete", "Delete the model.", ("delete",), footer=True),
    Action("library.compare", "Compare", "Keep this model's curve in the chart, or drop it.", ("c",),
           footer=True),
    Action("library.refresh", "Refresh", "Read the list again.", ("f9",)),
)  # fmt: skip

CHART = (
    Action("chart.left", "Cursor left", "Move the cursor to earlier steps.", ("left",),
           palette=False),
    Action("chart.right", "Cursor right", "Move the cursor to later steps.", ("right",),
           palette=False),
    Action("chart.far_left", "Far left", "Move it ten times as far.", ("shift+left",),
           palette=False),
    Action("chart.far_right", "Far right", "Move it ten times as far.", ("shift+right",),
           palette=False),
    Action("chart.start", "First step", "Move it to the first step.", ("home",), palette=False),
    Action("chart.end", "Last step", "Move it to the last step.", ("end",), palette=False),
    Action("chart.no_cursor", "No cursor", "Take the cursor away.", ("escape",), palette=False),
)  # fmt: skip

FILES = (
    Action("files.complete", "Complete", "Complete the name, or go into the folder.", ("tab",),
           palette=False, priority=True),
    Action("files.parent", "Folder above", "Go to the folder above.", ("shift+tab",),
           palette=False, priority=True),
    Action("files.mark", "Mark", "Mark a file or folder, to choose several.",
           ("ctrl+t", "ctrl+@"), palette=False, priority=True),
    Action("files.hidden", "Hidden files", "Show or hide hidden files.", ("f5",), palette=False,
           priority=True),
    Action("files.up", "Up", "The entry before.", ("up",), palette=False, priority=True),
    Action("files.down", "Down", "The next entry.", ("down",), palette=False, priority=True),
    Action("files.page_up", "Page up", "A page back.", ("pageup",), palette=False,
           priority=True),
    Action("files.page_down", "Page down", "A page on.", ("pagedown",), palette=False,
           priority=True),
    Action("files.cancel", "Leave", "Choose nothing.", ("escape",), palette=False,
           priority=True),
)  # fmt: skip

ACTIONS = Registry((*APP, *CORPUS, *TRAIN, *WRITE, *INSPECT, *LIBRARY, *CHART, *FILES))
