# The light over one pocket: port A is the drawer, port B the pocket, 0 is dark.
class Light:
    def __init__(self, expander):
        self._expander = expander
        expander.outputs()

    def show(self, drawer, pocket):
        self._expander.write(drawer | pocket << 8)

    def dark(self):
        self._expander.write(0)
