"""What zipfile says of bytes that are no zip file, a damaged one, or one of an unknown kind."""

import lzma
import struct
import zipfile
import zlib

# NotImplementedError is how zipfile refuses a way of compression that it does not know.
UNREADABLE = (
    zipfile.BadZipFile, NotImplementedError, zlib.error, lzma.LZMAError, struct.error, OSError,
    EOFError, ValueError,
)  # fmt: skip
