module packer

go 1.25
