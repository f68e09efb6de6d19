//! The recipe, the stage graph, resume and progress.
