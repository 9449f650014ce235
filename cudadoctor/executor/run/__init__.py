"""Carries out, resumes and undoes a whole plan."""
