module entrypoint

go 1.25
