"""Charts as inline SVG. Colours come from CSS variables, so light and dark mode share one drawing."""
