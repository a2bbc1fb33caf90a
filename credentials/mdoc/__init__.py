"""ISO/IEC 18013-5 mdoc: mobile security object, device response, session transcripts."""
