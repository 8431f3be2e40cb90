module entrypoint

go 1.25

// Go 1.25 answers one range of bytes by default, and 1.26 at most 200.
godebug httpservecontentmaxranges=20
