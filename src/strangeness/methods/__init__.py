"""Published methods and studies as compositions of what the other rooms hold."""
