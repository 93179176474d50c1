"""What is peculiar to one vendor's API, beside its file in `systems`: words, sign-in, lists, webhooks."""
