"""Discord: the digest as Components V2 messages, and the adapter that posts them."""
