"""Is an explanation to be believed?"""
