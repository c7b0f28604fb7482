package caps

x := count([1])
