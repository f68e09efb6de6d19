//! Matrices only: PCA, randomised SVD, k-means and the metrics that judge them.
