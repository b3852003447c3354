"""The kernels as plain loops over Python integers: the definition that every backend equals to the bit."""
