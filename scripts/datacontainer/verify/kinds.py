"""The kinds of entries of an image."""

FILE, LINK, FOLDER = "file", "link", "folder"
