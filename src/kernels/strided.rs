//! Matrix products on strided views, for gradients: windows that overlap and transposed factors need no copy.

/// A matrix whose element `(i, j)` is `values[i * row + j * column]`.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub values: &'a [f32],
    pub row: usize,
    pub column: usize,
}

/// `out += left right` for `out` `[rows, columns]` whose rows lie `out_row` apart; on one thread or on all of this pool.
///
/// # Panics
/// Where a slice is too short, and where rows of `out` would overlap.
pub(super) fn add_product(
    out: &mut [f32],
    out_row: usize,
    (rows, columns, inner): (usize, usize, usize),
    left: View,
    right: View,
    in_parallel: bool,
) {
    let last = |rows: usize, columns: usize, row: usize, column: usize| (rows - 1) * row + (columns - 1) * column;
    if rows == 0 || columns == 0 || inner == 0 {
        return;
    }
    assert!(rows == 1 || out_row >= columns);
    assert!(last(rows, columns, out_row, 1) < out.len());
    assert!(last(rows, inner, left.row, left.column) < left.values.len());
    assert!(last(inner, columns, right.row, right.column) < right.values.len());
    let threads = rayon::current_num_threads();
    let parallelism =
        if in_parallel && threads > 1 { gemm::Parallelism::Rayon(threads) } else { gemm::Parallelism::None };
    // SAFETY: the assertions keep every address within its slice, and the rows of `out`, which threads share out, apart.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.as_mut_ptr(),
            1,
            out_row as isize,
            true,
            left.values.as_ptr(),
            left.column as isize,
            left.row as isize,
            right.values.as_ptr(),
            right.column as isize,
            right.row as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}
