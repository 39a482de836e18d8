"""Tests of the console and the viewer's pages in a browser."""
