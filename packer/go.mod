module packer

go 1.25

require entrypoint v0.0.0

replace entrypoint => ../templates/entrypoint
