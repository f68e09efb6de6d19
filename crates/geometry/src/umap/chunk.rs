//! Some consecutive vertices in one epoch: where they go.
//!
//! A lane is a vertex: 16 vertices of a like number of due edges take their steps together, and in every lane the steps
//! of a vertex follow one another. The vertices that push are a run of 16 consecutive ones from a random place: that is
//! 16 random vertices, as their order is random, and one read from memory.

use std::ops::Range;

use populi_simd::{Kernel, LANES, Simd};

use super::forces::{Forces, LEAST_SQUARED, Random};
use super::layout::Descent;
use super::positions::{MAX_DIMS, Positions};
use super::schedule::Edges;

/// Due edges from which on vertices are not told apart when they are put together with others of a like number.
const MANY_EDGES: usize = 63;

/// What a chunk is to do.
#[derive(Clone)]
pub(super) struct Task<'a> {
    /// Which vertices move.
    pub(super) vertices: Range<usize>,
    pub(super) edges: &'a Edges,
    /// Where these vertices are.
    pub(super) own: &'a Positions,
    /// Where those are that they are joined to, and that push.
    pub(super) others: &'a Positions,
    pub(super) descent: &'a Descent,
    pub(super) epoch: usize,
    /// How far vertices move.
    pub(super) alpha: f32,
    /// Whether `own` and `others` are the same vertices, of which none pushes itself.
    pub(super) is_among_themselves: bool,
}

/// Where vertices of a task go, and room to find out.
#[derive(Debug, Clone, Default)]
pub(super) struct Chunk {
    first: usize,
    /// Where the vertices go, one coordinate after the other.
    moved: Vec<f32>,
    /// Tails of the edges that pull 16 vertices, a row a step.
    tails: Vec<[u32; LANES]>,
    /// Tails of due edges, one vertex after the other.
    due: Vec<i32>,
    /// Where the due edges of a vertex begin, and how many there are.
    spans: Vec<(u32, u32)>,
    /// The vertices, those with the most due edges first.
    order: Vec<u32>,
    /// Coordinates of 16 vertices.
    own: Vec<[f32; LANES]>,
}

impl Chunk {
    /// Moves the vertices of a task, of at least one.
    pub(super) fn run(&mut self, task: Task<'_>) {
        let (n, n_dims) = (task.vertices.len(), task.own.n_dims());
        self.first = task.vertices.start;
        self.moved.resize(n * n_dims, 0.0);
        self.due.resize(task.edges.n_edges_of(task.vertices.clone()) + LANES, 0);
        self.own.resize(n_dims, [0.0; LANES]);
        task.descent.level.run(Advance { chunk: self, task });
    }

    /// Moves the vertices of the task.
    pub(super) fn publish(&self, positions: &mut Positions) {
        let n = self.moved.len() / positions.n_dims();
        for (coordinate, moved) in positions.coordinates_mut().zip(self.moved.chunks_exact(n)) {
            coordinate[self.first..self.first + n].copy_from_slice(moved);
        }
    }

    /// Puts vertices of a like number of due edges together, by counting.
    fn sort_by_due(&mut self) {
        let bucket = |n_due: u32| MANY_EDGES - (n_due as usize).min(MANY_EDGES);
        let mut starts = [0u32; MANY_EDGES + 2];
        self.spans.iter().for_each(|&(_, n_due)| starts[bucket(n_due) + 1] += 1);
        for i in 0..=MANY_EDGES {
            starts[i + 1] += starts[i];
        }
        self.order.resize(self.spans.len(), 0);
        for (i, &(_, n_due)) in self.spans.iter().enumerate() {
            let start = &mut starts[bucket(n_due)];
            self.order[*start as usize] = i as u32;
            *start += 1;
        }
    }
}

/// A task, in the instructions of a level.
struct Advance<'a> {
    chunk: &'a mut Chunk,
    task: Task<'a>,
}

impl Kernel for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        self.find_due(simd);
        self.chunk.sort_by_due();
        let mut random = Random::new(self.task.descent.seed, self.task.epoch, self.task.vertices.start);
        let order = std::mem::take(&mut self.chunk.order);
        for vertices in order.chunks(LANES) {
            match self.task.own.n_dims() {
                2 => self.move_vertices::<S, 2>(simd, vertices, &mut random),
                4 => self.move_vertices::<S, 4>(simd, vertices, &mut random),
                8 => self.move_vertices::<S, 8>(simd, vertices, &mut random),
                16 => self.move_vertices::<S, 16>(simd, vertices, &mut random),
                32 => self.move_vertices::<S, 32>(simd, vertices, &mut random),
                _ => self.move_vertices::<S, MAX_DIMS>(simd, vertices, &mut random),
            }
        }
        self.chunk.order = order;
    }
}

impl Advance<'_> {
    #[inline(always)]
    fn find_due<S: Simd>(&mut self, simd: S) {
        let Chunk { due, spans, .. } = &mut *self.chunk;
        spans.clear();
        let mut start = 0;
        for head in self.task.vertices.clone() {
            let n_due = self.task.edges.due(simd, head, self.task.epoch, &mut due[start..]);
            spans.push((start as u32, n_due as u32));
            start += n_due;
        }
    }

    /// Moves up to 16 vertices through their due edges: in a step each is pulled along one and pushed by a few others.
    #[inline(always)]
    fn move_vertices<S: Simd, const D: usize>(&mut self, simd: S, vertices: &[u32], random: &mut Random) {
        let Task { others, descent, alpha, .. } = self.task;
        let (counts, ids) = self.enter(vertices);
        let forces = Forces::new(simd, descent);
        let (counts, ids, alpha) = (simd.load(&counts), simd.load_i32(&ids), simd.splat(alpha));
        let none = simd.splat(0.0);
        let Chunk { tails, own, .. } = &mut *self.chunk;
        // Loops, because what is in a closure is not compiled for the level.
        let mut coordinates: [&[f32]; D] = [&[]; D];
        let mut place = [none; D];
        for d in 0..D {
            coordinates[d] = others.coordinate(d);
            place[d] = simd.load(&own[d]);
        }
        for (step, tails) in tails.iter().enumerate() {
            // Those that have no edge left stay.
            let active = simd.less(simd.splat(step as f32), counts);

            let mut other = [none; D];
            for d in 0..D {
                other[d] = simd.gather(coordinates[d], tails);
            }
            let (mut change, squared) = apart(simd, &place, &other);
            let pull = simd.select(active, forces.pull(simd, squared), none);
            for change in &mut change {
                *change = forces.clipped(simd, pull, *change);
            }

            for _ in 0..descent.negative_sample_rate {
                let start = random.below(others.n());
                for d in 0..D {
                    let run = coordinates[d][start..].first_chunk();
                    other[d] = simd.load(run.expect("16 from every vertex on"));
                }
                let (differences, squared) = apart(simd, &place, &other);
                let itself = forces.itself(simd, ids, start, others.n());
                let push = simd.select(itself, none, forces.push(simd, squared));
                for d in 0..D {
                    change[d] = simd.add(change[d], forces.clipped(simd, push, differences[d]));
                }
            }
            for d in 0..D {
                place[d] = simd.select(active, simd.mul_add(change[d], alpha, place[d]), place[d]);
            }
        }
        for d in 0..D {
            simd.store(place[d], &mut own[d]);
        }
        self.leave(vertices);
    }

    /// Takes up to 16 vertices: their numbers of due edges, and their numbers among those that push.
    #[inline(always)]
    fn enter(&mut self, vertices: &[u32]) -> ([f32; LANES], [i32; LANES]) {
        let Chunk { first, tails, due, spans, own, .. } = &mut *self.chunk;
        let n_steps = vertices.iter().map(|&i| spans[i as usize].1).max().unwrap_or(0) as usize;
        tails.clear();
        tails.resize(n_steps, [0; LANES]);
        let (mut counts, mut ids) = ([0f32; LANES], [-1i32; LANES]);
        for (lane, &i) in vertices.iter().enumerate() {
            let (start, n_due) = spans[i as usize];
            counts[lane] = n_due as f32;
            let due = &due[start as usize..(start + n_due) as usize];
            tails.iter_mut().zip(due).for_each(|(tails, &tail)| tails[lane] = tail.cast_unsigned());
            let vertex = *first + i as usize;
            if self.task.is_among_themselves {
                ids[lane] = vertex as i32;
            }
            let coordinates = own.iter_mut().enumerate();
            coordinates.for_each(|(d, own)| own[lane] = self.task.own.coordinate(d)[vertex]);
        }
        (counts, ids)
    }

    /// Writes down where up to 16 vertices went.
    #[inline(always)]
    fn leave(&mut self, vertices: &[u32]) {
        let n = self.task.vertices.len();
        let Chunk { moved, own, .. } = &mut *self.chunk;
        for (moved, own) in moved.chunks_exact_mut(n).zip(own) {
            vertices.iter().zip(own).for_each(|(&i, own)| moved[i as usize] = *own);
        }
    }
}

/// How far vertices are apart: along each coordinate, and squared.
#[inline(always)]
fn apart<S: Simd, const D: usize>(simd: S, a: &[S::F32; D], b: &[S::F32; D]) -> ([S::F32; D], S::F32) {
    let (mut differences, mut squared) = (*a, simd.splat(LEAST_SQUARED));
    for d in 0..D {
        differences[d] = simd.sub(a[d], b[d]);
        squared = simd.mul_add(differences[d], differences[d], squared);
    }
    (differences, squared)
}
