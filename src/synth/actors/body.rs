//! What a person looks like, and how a posture of theirs is drawn.

use super::super::view::{Painter, Point, add, dim, dot, length, mix, scale, sub};
use super::pose::{HEIGHT_M, Joints, LEFT, Pose, RIGHT};
use crate::drawing::canvas::{Canvas, Ink, Position};

/// Build and clothes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body {
    pub height_m: f32,
    /// Width of trunk and limbs; 1 is average.
    pub girth: f32,
    pub coat: u32,
    /// The coat's sleeves, or the skin of bare arms.
    pub sleeve: u32,
    pub trousers: u32,
    pub shoes: u32,
    pub skin: u32,
    pub hair: u32,
    /// Hood or cap: the hair colour covers the head.
    pub has_hood: bool,
    /// A band of a lighter colour across the trunk: a reflective vest, a stripe.
    pub band: Option<u32>,
}

impl Body {
    pub(crate) fn draw(&self, painter: &mut Painter, pose: &Pose) {
        let joints = pose.joints(self.height_m);
        painter.patch([joints.chest[0], 0.0, joints.chest[2]], 0.55, Ink::paint(0x05060b).alpha(0.42));
        painter.patch([joints.hip[0], 0.0, joints.hip[2]], 0.5, Ink::paint(0x05060b).alpha(0.42));
        let toward_eye = sub(painter.view.eye, joints.chest);
        let nearness = |point: Point| dot(sub(point, joints.chest), toward_eye);
        // The leg and the arm behind the trunk are drawn first, and darker.
        let near = |points: [Point; 2]| if nearness(points[LEFT]) > nearness(points[RIGHT]) { LEFT } else { RIGHT };
        let (near_leg, near_arm) = (near(joints.knees), near(joints.shoulders));
        let behind = |arm: usize| nearness(mix(joints.elbows[arm], joints.hands[arm], 0.5)) < 0.02;
        let far_arm = 1 - near_arm;
        for arm in [far_arm, near_arm].into_iter().filter(|&arm| behind(arm)) {
            self.draw_arm(painter, &joints, arm, if arm == far_arm { 0.7 } else { 0.85 });
        }
        self.draw_leg(painter, &joints, 1 - near_leg, 0.72);
        self.draw_leg(painter, &joints, near_leg, 1.0);
        self.draw_trunk(painter, &joints);
        self.draw_head(painter, &joints);
        for arm in [far_arm, near_arm].into_iter().filter(|&arm| !behind(arm)) {
            self.draw_arm(painter, &joints, arm, if arm == far_arm { 0.82 } else { 0.92 });
        }
    }

    /// Width of something `width_m` wide on an average person.
    fn wide(&self, width_m: f32) -> f32 {
        width_m * self.girth * self.height_m / HEIGHT_M
    }

    fn draw_leg(&self, painter: &mut Painter, joints: &Joints, side: usize, shade: f32) {
        let trousers = dim(self.trousers, shade);
        painter.rod(&[joints.feet[side], joints.toes[side]], self.wide(0.095), dim(self.shoes, shade));
        painter.rod(&[joints.hips[side], joints.knees[side]], self.wide(0.17), trousers);
        painter.rod(&[joints.knees[side], joints.feet[side]], self.wide(0.125), trousers);
    }

    fn draw_arm(&self, painter: &mut Painter, joints: &Joints, side: usize, shade: f32) {
        painter.rod(&[joints.elbows[side], joints.hands[side]], self.wide(0.088), dim(self.sleeve, shade));
        painter.rod(&[joints.shoulders[side], joints.elbows[side]], self.wide(0.115), dim(self.coat, shade));
        let hand = mix(joints.elbows[side], joints.hands[side], 1.12);
        painter.rod(&[joints.hands[side], hand], self.wide(0.088), dim(self.skin, shade));
    }

    fn draw_trunk(&self, painter: &mut Painter, joints: &Joints) {
        let wide = self.wide(0.07);
        let spread = |point: Point, from: Point| add(point, scale(sub(point, from), wide / 0.19));
        let corners = [
            spread(joints.shoulders[LEFT], joints.neck),
            spread(joints.shoulders[RIGHT], joints.neck),
            spread(joints.hips[RIGHT], joints.hip),
            spread(joints.hips[LEFT], joints.hip),
        ];
        painter.rod(&[joints.hip, joints.chest], self.wide(0.27), self.coat);
        painter.rod(&[joints.shoulders[LEFT], joints.shoulders[RIGHT]], self.wide(0.15), self.coat);
        painter.face(&corners, self.coat);
        if let Some(band) = self.band {
            let middle = |share: f32| {
                [
                    mix(corners[0], corners[3], share),
                    mix(corners[1], corners[2], share),
                    mix(corners[1], corners[2], share + 0.2),
                    mix(corners[0], corners[3], share + 0.2),
                ]
            };
            painter.face(&middle(0.35), band);
        }
    }

    fn draw_head(&self, painter: &mut Painter, joints: &Joints) {
        painter.rod(&[joints.neck, mix(joints.neck, joints.head, 0.6)], self.wide(0.10), dim(self.skin, 0.85));
        let view = painter.view;
        let Some(spot) = view.project(joints.head) else { return };
        let Some(front) = view.project(add(joints.head, scale(joints.face, 0.1))) else { return };
        let radius = 0.118 * self.height_m / HEIGHT_M * spot.px_per_m;
        let turned = sub(view.eye, joints.head);
        let facing = dot(joints.face, turned) / length(turned).max(1e-3);
        let toward: Position = (front.at.0 - spot.at.0, front.at.1 - spot.at.1);
        let light = painter.light;
        let [skin, hair] = [self.skin, self.hair].map(|rgb| Ink::paint(light.shaded(rgb, joints.head)));
        let mut canvas = Canvas::new(painter.pixels);
        canvas.ellipse(spot.at, radius, radius * 1.12, hair);
        // The face looks out of the hair on the side it is turned to.
        if facing > -0.35 {
            let share = if self.has_hood { 0.62 } else { 0.82 };
            let (x, y) = (spot.at.0 + toward.0 * 0.35, spot.at.1 + toward.1 * 0.2 + radius * 0.16);
            canvas.ellipse((x, y), radius * share * (0.62 + 0.38 * facing.max(0.0)), radius * share, skin);
        }
    }
}
