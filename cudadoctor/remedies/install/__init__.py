"""What `install` does on a machine: from facts and a request to a plan. Data; nothing here looks or acts."""
