"""What `topicsite links` and `topicsite plan` say: values in, tables and text out. Only `cli` prints them."""
