"""The kinds of what an image holds, as its readers tell them."""

FILE, LINK, FOLDER = "file", "link", "folder"
