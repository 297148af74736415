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
    Action("corpus.sort", "Sort the cast", "By lines, by words, or by name.", ("s",)),
    Action("corpus.train", "Train on it", "Go to the Train room with this corpus.", ("t",),
           footer=True),
)  # fmt: skip

TRAIN = (
    Action("train.start", "Start", "Start training with these settings.", ("ctrl+g",),
           footer=True, priority=True),
    Action("train.resume", "Resume", "Go on with the newest run that was stopped or cut off.",
           ("ctrl+r",), footer=True, priority=True),
    Action("train.pause", "Pause / go on", "Pause the run, or go on with it.", ("ctrl+p",),
           footer=True, priority=True),
    Action("train.stop", "Stop, keep", "Stop the run and keep the model so far.", ("ctrl+s",),
           footer=True, priority=True),
    Action("train.toggle_form", "Settings, charts", "Show the settings or the charts.",
           ("ctrl+t",), footer=True),
    Action("train.write", "Write with it", "Go to the Write room with this model.", ("ctrl+o",),
           footer=True),
    Action("train.toggle_log", "Log scale", "Switch the chart between log and linear.",
           ("l", "ctrl+l"), footer=True),
    Action("train.vectors", "Word vectors", "Train skip-gram word vectors of this corpus instead.",
           ("f7",), footer=True),
    Action("train.moods", "Moods", "Learn moods from a file of labelled texts instead.", ("f4",),
           footer=True),
    Action("train.reset", "Preset's values", "Forget your own settings; the preset decides again.",
           ("f5",), footer=True),
    Action("train.choose_corpus", "Choose corpus", "Go to the Corpus room to choose another.",
           ("f3",)),
    Action("train.discard", "Stop, delete", "Stop the run and delete its model; asks first.",
           ("ctrl+x",), priority=True),
    Action("train.slower", "Learning rate ÷2", "Halve the learning rate of the run.", ("f8",)),
    Action("train.faster", "Learning rate ×2", "Double the learning rate of the run.", ("f9",)),
)  # fmt: skip

WRITE = (
    Action("write.continue", "Continue", "Let the model go on from the cursor, taking what is"
           " pending; again to stop.", ("ctrl+g", "ctrl+@"), "Model", footer=True, priority=True),
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
    Action("write.suggest_speaker", "Who speaks next", "Ask the model who would speak next.", (),
           "Model"),
    Action("write.fill_in", "Fill in", "Write a passage that leads into what stands behind the"
           " cursor.", (), "Model"),
    Action("write.repeat", "Make again", "Make the passage at the cursor again, letter for letter,"
           " from its seed and settings.", (), "Model"),
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
    Action("write.toggle_surprise", "Surprise", "Tint words by how unlikely they were, or not.", (),
           "Look"),
    Action("write.toggle_copied", "Copied words",
           "Underline what stands word for word in the corpus, or not.", (), "Look"),
    Action("write.show_source", "Where it comes from",
           "Go to the corpus line that the copied words at the cursor come from, or the longest.",
           (), "Look"),
    Action("write.toggle_focus", "Focus mode", "Hide everything but the page.", (), "Look"),
    Action("write.outline", "Outline", "List the scenes and go to one.", (), "Look"),
    Action("write.undo", "Undo", "Take back the last change.", ("ctrl+z",), "Draft",
           priority=True),
    Action("write.redo", "Redo", "Do it again.", ("ctrl+y",), "Draft", priority=True),
    Action("write.to_start", "First line", "Go to the beginning of the draft.", ("ctrl+home",),
           "Draft", priority=True),
    Action("write.to_end", "Last line", "Go to the end of the draft.", ("ctrl+end",), "Draft",
           priority=True),
    Action("write.find", "Find", "Find and replace in the draft.", ("ctrl+f",), "Draft",
           priority=True),
    Action("write.save", "Save", "Save the draft (it also saves itself).", ("ctrl+s",), "Draft",
           priority=True),
    Action("write.save_as", "Rename the draft", "Keep the draft under another name.", (),
           "Draft"),
    Action("write.duplicate", "Duplicate the draft", "Go on with a copy; this one stays.", (),
           "Draft"),
    Action("write.export", "Export", "Write the draft to a file: text, Fountain, FDX or PDF.",
           ("ctrl+o",), "Draft", priority=True),
    Action("write.open", "Drafts", "All drafts: open, rename, copy or delete one.", (), "Draft"),
    Action("write.import", "Import a script", "Start a draft from a text, Fountain or FDX file.",
           (), "Draft"),
    Action("write.new", "New draft", "Start an empty draft; the present one stays.", (), "Draft"),
)  # fmt: skip

FIND = (
    Action("find.next", "Next", "Go to the next place.", ("down",), palette=False, priority=True),
    Action("find.previous", "Before", "Go to the place before.", ("up",), palette=False,
           priority=True),
    Action("find.replace", "Replace", "Replace this place and go to the next.", ("ctrl+r",),
           palette=False, priority=True),
    Action("find.replace_all", "Replace all", "Replace every place; one undo takes it back.",
           ("ctrl+l",), palette=False, priority=True),
    Action("find.switch", "Other box", "Go from what to find to what to put there, and back.",
           ("tab",), palette=False, priority=True),
    Action("find.close", "Leave", "Back to the page.", ("escape",), palette=False, priority=True),
)  # fmt: skip

TREE = (
    Action("tree.bookmark", "Bookmark", "Mark this branch, or not.", ("b",), palette=False),
    Action("tree.prune", "Prune", "Hide this branch and all that grew from it, or show it again.",
           ("delete", "x"), palette=False),
    Action("tree.show_pruned", "Pruned", "Show or hide what was pruned.", ("p",), palette=False),
    Action("tree.only_bookmarks", "Bookmarks", "Show the bookmarked branches only, or all.",
           ("m",), palette=False),
    Action("tree.again", "Make again", "Write it again from its seed, letter for letter.", ("r",),
           palette=False),
    Action("tree.branch", "Branch here", "Let the model write others from the same place.",
           ("f4",), palette=False, priority=True),
    Action("tree.close", "Leave", "Back to the page.", ("escape",), palette=False, priority=True),
)  # fmt: skip

# The list takes no text, and what follows a key at once may be for the dialog that it opens.
DRAFTS = (
    Action("drafts.new", "New", "Begin a draft.", ("n",), palette=False, priority=True),
    Action("drafts.rename", "Rename", "Give the draft another name.", ("r",), palette=False,
           priority=True),
    Action("drafts.duplicate", "Duplicate", "Make a copy of the draft.", ("d",), palette=False,
           priority=True),
    Action("drafts.delete", "Delete", "Move the draft to the trash.", ("delete", "x"),
           palette=False, priority=True),
    Action("drafts.undelete", "Undo", "Bring the last deleted draft back.", ("u", "ctrl+z"),
           palette=False, priority=True),
    Action("drafts.close", "Leave", "Back to the page.", ("escape",), palette=False,
           priority=True),
)  # fmt: skip

# The keys of a view come before those of all, so that there is room for them at the bottom.
INSPECT = (
    Action("inspect.next_view", "Next view", "Odds, attention, neighbours, map, cells, mood.",
           ("ctrl+n",), footer=True, priority=True),
    Action("inspect.previous_view", "Previous view", "The view before.", ("ctrl+p",),
           priority=True),
    Action("inspect.go_on", "Go on from here", "Have the model go on behind this word of the"
           " draft; what it wrote there goes back to the tree.", ("g",), "Odds", footer=True),
    Action("inspect.ask", "Ask", "Go to the line where the view is asked something.", ("slash",),
           footer=True),
    Action("inspect.next_head", "Next head", "Show another head of the attention.", ("h",),
           "Attention"),
    Action("inspect.toggle_matrix", "Matrix", "Words written against words looked at, or the"
           " text.", ("m",), "Attention", footer=True),
    Action("inspect.toggle_copying", "Attention / copying", "Show where words are copied from.",
           ("c",), "Attention", footer=True),
    Action("inspect.zoom_in", "Closer", "Show a smaller part of the map.",
           ("plus", "equals_sign"), "Map", footer=True),
    Action("inspect.zoom_out", "Farther", "Show a greater part of the map.", ("minus",), "Map",
           footer=True),
    Action("inspect.whole_map", "Whole map", "Show all of the map.", ("0",), "Map"),
    Action("inspect.next_found", "Next found", "Go to the next word that was searched.", ("n",),
           "Map"),
    Action("inspect.change_map", "PCA / t-SNE", "Lay the map out another way.", ("t",), "Map",
           footer=True),
    Action("inspect.change_table", "Next table", "Take another table of word vectors.", ("v",),
           "Map", footer=True),
    Action("inspect.find_cells", "Find cells", "Find the cells that mark the selected words.",
           ("f",), "Cells", footer=True),
    Action("inspect.change_state", "c / h", "The cells' memory (c) or their output (h).", ("o",),
           "Cells", footer=True),
    Action("inspect.choose_model", "Choose model", "Look into another model; in Mood, have another"
           " network tell the moods.", ("ctrl+o",), "Every view", footer=True, priority=True),
    Action("inspect.edit_text", "Own text", "Type or paste a text to look at; again to look.",
           ("ctrl+t",), "Every view", footer=True, priority=True),
    Action("inspect.refresh", "Look again", "Ask the model again about the text.", ("ctrl+g",),
           "Every view", footer=True, priority=True),
    Action("inspect.write", "Back to writing", "Go back to the Write room.", ("f5",),
           "Every view"),
)  # fmt: skip

TOKENS = (
    Action("tokens.left", "Word before", "Go to the word before.", ("left",), palette=False),
    Action("tokens.right", "Next word", "Go to the next word.", ("right",), palette=False),
    Action("tokens.up", "Row above", "Go to the row above.", ("up",), palette=False),
    Action("tokens.down", "Row below", "Go to the row below.", ("down",), palette=False),
    Action("tokens.page_up", "Page back", "Go up by a page.", ("pageup",), palette=False),
    Action("tokens.page_down", "Page on", "Go down by a page.", ("pagedown",), palette=False),
    Action("tokens.start", "First word", "Go to the first word that is explained.", ("home",),
           palette=False),
    Action("tokens.end", "Last word", "Go to the end of what is explained.", ("end",),
           palette=False),
    Action("tokens.select_left", "Select back", "Select up to the word before.",
           ("shift+left",), palette=False),
    Action("tokens.select_right", "Select on", "Select up to the next word.", ("shift+right",),
           palette=False),
    Action("tokens.swap", "Swap the word", "A digit puts that alternative in the word's place.",
           ("1", "2", "3", "4", "5", "6", "7", "8", "9"), palette=False),
)  # fmt: skip

LIBRARY = (
    Action("library.use", "Use it", "Write with the chosen model, or have moods told by it.",
           ("enter",), footer=True),
    Action("library.resume", "Resume", "Go on with a run that was stopped or cut off.", ("r",),
           footer=True),
    Action("library.compare", "Compare", "Keep this model's curve in the chart, or drop it.",
           ("c", "space"), footer=True),
    Action("library.rename", "Rename", "Give the model another name.", ("n",), footer=True),
    Action("library.delete", "Delete", "Delete the model; it can be restored for a week.",
           ("delete", "d"), footer=True),
    Action("library.restore", "Restore", "Bring back a model that was deleted.", ("u",),
           footer=True),
    Action("library.toggle_log", "Log scale", "Switch the chart between log and linear.", ("l",)),
    Action("library.toggle_time", "Minutes, steps", "Draw the curves over minutes, or over steps.",
           ("m",)),
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

MAP = (
    Action("map.left", "Map left", "Show what is further left.", ("left",), palette=False),
    Action("map.right", "Map right", "Show what is further right.", ("right",), palette=False),
    Action("map.up", "Map up", "Show what is further up.", ("up",), palette=False),
    Action("map.down", "Map down", "Show what is further down.", ("down",), palette=False),
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

DIALOG = (
    Action("dialog.leave", "Leave", "Close it and change nothing.", ("escape",), palette=False,
           priority=True),
    Action("dialog.up", "Up", "The entry before, or a line up.", ("up",), palette=False,
           priority=True),
    Action("dialog.down", "Down", "The next entry, or a line down.", ("down",), palette=False,
           priority=True),
    Action("dialog.page_up", "Page up", "A page back.", ("pageup",), palette=False,
           priority=True),
    Action("dialog.page_down", "Page down", "A page on.", ("pagedown",), palette=False,
           priority=True),
)  # fmt: skip

BOX = (
    Action("box.leave", "Leave", "Go from the box to what it is about.", ("escape",),
           palette=False, priority=True),
)  # fmt: skip

OFF_IN_PANELS = frozenset(
    {
        *("write.retry", "write.stop", "write.branch", "write.continue"),
        *("write.accept_all", "write.accept_word", "write.accept_line"),
        *("write.next_alternative", "write.previous_alternative"),
    }
)
"""What keys of the tree and of the search bar are free to mean something else for."""

ACTIONS = Registry(
    (
        *APP, *CORPUS, *TRAIN, *WRITE, *FIND, *TREE, *DRAFTS, *INSPECT, *LIBRARY, *CHART, *TOKENS,
        *MAP, *FILES, *DIALOG, *BOX,
    ),
    inside={
        "find": ("write",), "tree": ("write",), "tokens": ("inspect",), "map": ("inspect",),
        "box": ("inspect",), "chart": ("train", "library"),
    },
    giving_way=OFF_IN_PANELS,
)  # fmt: skip
