"""What the printing process and those who ask it know of each other, without WeasyPrint."""

PICTURE = "picture:"  # before the id of a picture
MISSING = "PDF needs the library pango, which is not on this server"
INSTALL = "Debian and Ubuntu: sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0"
