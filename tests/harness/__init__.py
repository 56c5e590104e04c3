"""What the end-to-end tests share: a server process, the real aws CLI, boto3 clients, polling."""
