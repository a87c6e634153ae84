//! Video frames on the GPU: the planes are uploaded as they were decoded and converted in a shader, inside the
//! window's own render pass.

use eframe::egui::{PaintCallbackInfo, Rect, Shape, Vec2, vec2};
use eframe::egui_wgpu::{self, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::wgpu;
use tracing::trace_span;

use super::color_matrix::to_rgb_rows;
use super::widgets::picture_fit::Placement;
use avar_media::{PixelLayout, Plane, Transfer, VideoFrame, VideoInfo};

/// Bytes of the shader's `Picture`: see `video.wgsl`.
const UNIFORM_BYTES: usize = 96;

/// The picture as it is to be seen: upright, its pixels square.
pub fn shown_size(video: &VideoInfo) -> Vec2 {
    let (width, height) = video.display_size_px();
    vec2(width as f32, height as f32)
}

/// Makes the pipeline once the window has its GPU. Without this no frame can be drawn.
pub fn install(render_state: &egui_wgpu::RenderState) {
    let renderer = VideoRenderer::new(&render_state.device, render_state.target_format);
    render_state.renderer.write().callback_resources.insert(renderer);
}

/// A shape that draws `frame` where `placement` says.
pub fn shape(frame: VideoFrame, placement: Placement) -> Shape {
    let draw = DrawFrame { frame, part: placement.part };
    Shape::Callback(egui_wgpu::Callback::new_paint_callback(placement.screen, draw))
}

struct DrawFrame {
    frame: VideoFrame,
    /// The part of the upright picture to draw, in `0..=1`.
    part: Rect,
}

impl CallbackTrait for DrawFrame {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(renderer) = resources.get_mut::<VideoRenderer>() {
            let _span = trace_span!("upload", frame = self.frame.index.0).entered();
            renderer.upload(device, queue, &self.frame);
            queue.write_buffer(&renderer.uniform, 0, &uniform_bytes(&self.frame, self.part));
        }
        Vec::new()
    }

    fn paint(&self, _: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        if let Some(renderer) = resources.get::<VideoRenderer>()
            && let Some(textures) = &renderer.textures
        {
            pass.set_pipeline(&renderer.pipeline);
            pass.set_bind_group(0, &textures.bind_group, &[]);
            pass.draw(0..4, 0..1);
        }
    }
}

/// The pipeline, and the planes of the frame that was uploaded last.
struct VideoRenderer {
    pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    uniform: wgpu::Buffer,
    textures: Option<PlaneTextures>,
}

struct PlaneTextures {
    shapes: Vec<PlaneShape>,
    planes: Vec<wgpu::Texture>,
    bind_group: wgpu::BindGroup,
    /// The frame that the planes hold; kept alive, so that its address is not used twice.
    holds: Option<VideoFrame>,
}

#[derive(Clone, Copy, PartialEq)]
struct PlaneShape {
    width: u32,
    height: u32,
    format: wgpu::TextureFormat,
}

impl VideoRenderer {
    fn new(device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let shader = device.create_shader_module(wgpu::include_wgsl!("video.wgsl"));
        let texture = |binding| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::FRAGMENT,
            ty: wgpu::BindingType::Texture {
                sample_type: wgpu::TextureSampleType::Float { filterable: true },
                view_dimension: wgpu::TextureViewDimension::D2,
                multisampled: false,
            },
            count: None,
        };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("video frame"),
            entries: &[
                wgpu::BindGroupLayoutEntry {
                    binding: 0,
                    visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
                    ty: wgpu::BindingType::Buffer {
                        ty: wgpu::BufferBindingType::Uniform,
                        has_dynamic_offset: false,
                        min_binding_size: None,
                    },
                    count: None,
                },
                wgpu::BindGroupLayoutEntry {
                    binding: 1,
                    visibility: wgpu::ShaderStages::FRAGMENT,
                    ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                    count: None,
                },
                texture(2),
                texture(3),
                texture(4),
            ],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("video frame"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("video frame"),
            layout: Some(&pipeline_layout),
            vertex: wgpu::VertexState {
                module: &shader,
                entry_point: Some("corner"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            fragment: Some(wgpu::FragmentState {
                module: &shader,
                entry_point: Some("color"),
                compilation_options: Default::default(),
                targets: &[Some(target.into())],
            }),
            primitive: wgpu::PrimitiveState { topology: wgpu::PrimitiveTopology::TriangleStrip, ..Default::default() },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            multiview_mask: None,
            cache: None,
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("video frame"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("video frame"),
            size: UNIFORM_BYTES as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { pipeline, layout, sampler, uniform, textures: None }
    }

    /// Uploads a frame unless the textures hold it already; makes new textures where the shape has changed.
    fn upload(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, frame: &VideoFrame) {
        let planes: Vec<Plane<'_>> = (0..frame.plane_count()).map(|i| frame.plane(i)).collect();
        let format = texture_format(frame.layout());
        let shape = |plane: &Plane<'_>| PlaneShape { width: plane.width_px, height: plane.height_px, format };
        let shapes: Vec<PlaneShape> = planes.iter().map(shape).collect();
        let largest = device.limits().max_texture_dimension_2d;
        if shapes.iter().any(|shape| shape.width.max(shape.height) > largest || shape.width.min(shape.height) == 0) {
            self.textures = None;
            return;
        }
        if self.textures.as_ref().is_none_or(|textures| textures.shapes != shapes) {
            self.textures = Some(self.make_textures(device, shapes));
        }
        let Some(textures) = &mut self.textures else { return };
        if textures.holds.as_ref().is_some_and(|held| held.is_same_picture(frame)) {
            return;
        }
        for (plane, texture) in planes.iter().zip(&textures.planes) {
            queue.write_texture(
                texture.as_image_copy(),
                plane.bytes,
                wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(plane.stride_bytes as u32),
                    rows_per_image: None,
                },
                texture.size(),
            );
        }
        textures.holds = Some(frame.clone());
    }

    fn make_textures(&self, device: &wgpu::Device, shapes: Vec<PlaneShape>) -> PlaneTextures {
        let make = |shape: &PlaneShape| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some("video plane"),
                size: wgpu::Extent3d { width: shape.width, height: shape.height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: shape.format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            })
        };
        let planes: Vec<wgpu::Texture> = shapes.iter().map(make).collect();
        // RGBA has one plane; the shader does not look at the others.
        let view = |i: usize| planes[i.min(planes.len() - 1)].create_view(&wgpu::TextureViewDescriptor::default());
        let views = [view(0), view(1), view(2)];
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("video frame"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: self.uniform.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&self.sampler) },
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::TextureView(&views[0]) },
                wgpu::BindGroupEntry { binding: 3, resource: wgpu::BindingResource::TextureView(&views[1]) },
                wgpu::BindGroupEntry { binding: 4, resource: wgpu::BindingResource::TextureView(&views[2]) },
            ],
        });
        PlaneTextures { shapes, planes, bind_group, holds: None }
    }
}

/// A deep sample is its low and its high byte: 16-bit normalised textures are not available everywhere.
fn texture_format(layout: PixelLayout) -> wgpu::TextureFormat {
    match layout {
        PixelLayout::Rgba => wgpu::TextureFormat::Rgba8Unorm,
        PixelLayout::PlanarYuv { bits, .. } if bits > 8 => wgpu::TextureFormat::Rg8Unorm,
        PixelLayout::PlanarYuv { .. } => wgpu::TextureFormat::R8Unorm,
    }
}

/// The shader's `Picture`, in the layout that WGSL prescribes for uniforms.
fn uniform_bytes(frame: &VideoFrame, part: Rect) -> [u8; UNIFORM_BYTES] {
    let (rows, weights, is_rgba) = match frame.layout() {
        PixelLayout::Rgba => ([[0.0; 4]; 3], [0.0; 2], 1u32),
        PixelLayout::PlanarYuv { bits, .. } => {
            let full = ((1u32 << bits) - 1) as f32;
            let weights = if bits > 8 { [255.0 / full, 65_280.0 / full] } else { [1.0, 0.0] };
            (to_rgb_rows(frame.color.matrix, frame.color.range, bits), weights, 0)
        }
    };
    let turns = frame.orientation.quarter_turns();
    let is_mirrored = u32::from(frame.orientation.is_mirrored);
    let floats = [part.min.x, part.min.y, part.width(), part.height()]
        .into_iter()
        .chain(rows.into_iter().flatten())
        .chain(weights);
    let transfer = match frame.color.transfer {
        Transfer::Sdr => 0u32,
        Transfer::Pq => 1,
        Transfer::Hlg => 2,
    };
    let words = floats.map(f32::to_ne_bytes).chain([is_rgba, turns, transfer, is_mirrored].map(u32::to_ne_bytes));
    let mut bytes = [0; UNIFORM_BYTES];
    bytes.chunks_exact_mut(4).zip(words).for_each(|(to, word)| to.copy_from_slice(&word));
    bytes
}
