"""The schema: curated by a person, or the contract of photos with the classes that training shows."""
