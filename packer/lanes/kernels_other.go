//go:build !amd64

package lanes

func kernels() []kernel { return nil }
