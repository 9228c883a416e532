// SPDX-License-Identifier: MIT
// matmul.c in Rust: a program natively; for wasm32-unknown-unknown, which has no C library, a module that exports
// `multiply`.
#![cfg_attr(target_arch = "wasm32", no_std)]

use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::null;

#[repr(C)]
struct Activation {
    kind: u32,
    alpha: f32,
    min: f32,
    max: f32,
}

#[repr(C)]
struct Matmul {
    struct_bytes: u32,
    batch: u32,
    m: u32,
    n: u32,
    k: u32,
    transpose_a: u32,
    transpose_b: u32,
    a_batch_stride: usize,
    b_batch_stride: usize,
    activation: Activation,
}

#[repr(C)]
#[derive(Default)]
struct Sizes {
    output_height: u32,
    output_width: u32,
    output_elements: usize,
    packed_bytes: usize,
    scratch_bytes: usize,
}

extern "C" {
    fn lw_context_bytes() -> usize;
    fn lw_context_create(memory: *mut c_void, bytes: usize, options: *const c_void, context: *mut *const c_void) -> i32;
    fn lw_context_tier(context: *const c_void) -> *const u8;
    fn lw_matmul_sizes(context: *const c_void, matmul: *const Matmul, sizes: *mut Sizes) -> i32;
    fn lw_matmul_pack(context: *const c_void, matmul: *const Matmul, b: *const f32, packed: *mut c_void) -> i32;
    fn lw_matmul_run(
        context: *const c_void,
        matmul: *const Matmul,
        a: *const f32,
        packed: *const c_void,
        epilogue: *const c_void,
        scratch: *mut c_void,
        out: *mut f32,
    ) -> i32;
}

#[repr(C, align(16))]
struct Memory([u8; 65536]);

/// Multiplies (2, 3) by (3, 4); the tier's name, or NULL when anything failed.
fn matmul(memory: &mut [Memory; 3], out: &mut [f32; 8]) -> *const u8 {
    let a: [f32; 6] = [1., 2., 3., 4., 5., 6.];
    let b: [f32; 12] = [1., 0., 0., 1., 0., 1., 0., 1., 0., 0., 1., 1.];
    let op = Matmul {
        struct_bytes: size_of::<Matmul>() as u32,
        batch: 1,
        m: 2,
        n: 4,
        k: 3,
        transpose_a: 0,
        transpose_b: 0,
        a_batch_stride: 0,
        b_batch_stride: 0,
        activation: Activation { kind: 0, alpha: 0., min: 0., max: 0. },
    };
    let [first, packed, scratch] = memory;
    let (packed, scratch) = (packed.0.as_mut_ptr().cast(), scratch.0.as_mut_ptr().cast());
    let mut context = null();
    let mut sizes = Sizes::default();
    unsafe {
        if lw_context_bytes() > 65536
            || lw_context_create(first.0.as_mut_ptr().cast(), 65536, null(), &mut context) != 0
            || lw_matmul_sizes(context, &op, &mut sizes) != 0
            || sizes.output_elements != 8
            || sizes.packed_bytes > 65536
            || sizes.scratch_bytes > 65536
            || lw_matmul_pack(context, &op, b.as_ptr(), packed) != 0
            || lw_matmul_run(context, &op, a.as_ptr(), packed, null(), scratch, out.as_mut_ptr()) != 0
        {
            return null();
        }
        lw_context_tier(context)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    let mut out = [0.; 8];
    let mut memory = [Memory([0; 65536]), Memory([0; 65536]), Memory([0; 65536])];
    let tier = matmul(&mut memory, &mut out);
    assert!(!tier.is_null());
    print!("{}:", unsafe { std::ffi::CStr::from_ptr(tier.cast()) }.to_str().unwrap());
    out.iter().for_each(|x| print!(" {}", x));
    println!();
}

#[cfg(target_arch = "wasm32")]
mod module {
    const ZEROS: super::Memory = super::Memory([0; 65536]);
    static mut MEMORY: [super::Memory; 3] = [ZEROS; 3];
    static mut OUT: [f32; 8] = [0.; 8];

    /// The tier's name; the product is at `product()`.
    #[no_mangle]
    pub unsafe extern "C" fn multiply() -> *const u8 {
        super::matmul(&mut *core::ptr::addr_of_mut!(MEMORY), &mut *core::ptr::addr_of_mut!(OUT))
    }

    #[no_mangle]
    pub unsafe extern "C" fn product() -> *const f32 {
        core::ptr::addr_of!(OUT).cast()
    }

    #[panic_handler]
    fn panic(_: &core::panic::PanicInfo) -> ! {
        core::arch::wasm32::unreachable()
    }
}
