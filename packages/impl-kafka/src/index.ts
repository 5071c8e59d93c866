// The builder is not here yet. So importing the package registers nothing.
export {}
