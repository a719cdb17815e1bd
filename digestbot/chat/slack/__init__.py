"""Slack: Block Kit messages, posting, and the app; the only room that knows slack_sdk and slack_bolt."""
