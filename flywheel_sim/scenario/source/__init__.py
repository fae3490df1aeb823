"""The file as text: read, merged and checked part by part, each with its place."""
