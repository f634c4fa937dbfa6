"""As much of pycuda as the runner uses, played."""
