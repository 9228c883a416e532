/* SPDX-License-Identifier: MIT */
/*
 * The programs: how each is loaded and run by its own code, as its documentation says.
 *   packages: what comes from npm     weights: 'published', or 'made' where no package has them
 *   picture: the part of a sample photo that it sees     startsBackend: it chooses and starts the backend by itself
 *   load(environment) gives what run(loaded, pixels, environment) takes; run gives plain values. pixels: int32 tensor,
 *   [height][width][3]. step(path): what the numbers of an output are rounded to by the program, if they are.
 *   amplification(path): of differences, where small ones grow on their way to an output.
 *   least: what must be in the result on the cpu backend, so that nothing passes for being empty.
 */
import { equal, ok } from 'node:assert/strict';
import { dirname, join } from 'node:path';

const PEOPLE = { sample: 6, left: 200, top: 150, side: 1380, width: 384 };
const PERSON = { sample: 6, left: 250, top: 200, side: 1300, width: 320 };
const WOMAN = { sample: 4, left: 1000, top: 40, side: 920, width: 320 };
const FACE = { sample: 6, left: 990, top: 200, side: 550, width: 256 };
const SOFA = { sample: 2, left: 0, top: 0, side: 1367, width: 512 };
const HAND = { sample: 2, left: 700, top: 960, side: 350, width: 256 };

/* Tensors in a result as numbers; frees them. */
const values = (tensors) => tensors.map((tensor) => {
  const data = tensor.dataSync();
  tensor.dispose();
  return data;
});

const HUMAN = {
  packages: ['@vladmandic/human'],
  weights: 'published',
  startsBackend: true,
};

async function loadHuman({ require, backend, wasmFolder }, config) {
  const { Human } = require(join(dirname(require.resolve('@vladmandic/human')), 'human.node-wasm.js'));
  const human = new Human({
    backend, wasmPath: wasmFolder, modelBasePath: 'http://localhost/human-models/', warmup: 'none', cacheSensitivity: 0,
    debug: false, async: false, filter: { enabled: false }, gesture: { enabled: true }, face: { enabled: false },
    body: { enabled: false }, hand: { enabled: false }, object: { enabled: false }, segmentation: { enabled: false },
    ...config,
  });
  await human.load();
  return human;
}

/* What it says of faces, bodies, hands and objects, without times, tensors, and points under a second name. */
async function detect(human, pixels) {
  const result = await human.detect(pixels);
  if (result.error) throw new Error(result.error);
  const { face, body, hand, object, gesture } = result;
  return {
    face: face.map(({ tensor, annotations, ...rest }) => {
      tensor?.dispose();
      return rest;
    }),
    body: body.map(({ annotations, ...rest }) => rest), hand: hand.map(({ annotations, ...rest }) => rest),
    object, gesture,
  };
}

/* One model's box or points are where the next model's picture is cut out, moved and turned: a small difference in them
 * changes every pixel, and a mask's steep edges most. The official backend differs from cpu as much. */
const chained = (path) => (path === 'segmentation' ? 200 : 10);

const skipNothing = { skipFrames: 0, skipTime: 0 };

export const PROGRAMS = [
  {
    ...HUMAN,
    name: 'human: faces',
    picture: PEOPLE,
    load: (environment) => loadHuman(environment, {
      face: {
        enabled: true, detector: { enabled: true, rotation: true, maxDetected: 10, ...skipNothing },
        mesh: { enabled: true }, iris: { enabled: true, ...skipNothing }, emotion: { enabled: true, ...skipNothing },
        description: { enabled: true, ...skipNothing }, antispoof: { enabled: true, ...skipNothing },
        liveness: { enabled: true, ...skipNothing },
      },
    }),
    run: detect,
    least: ({ face }) => {
      equal(face.length, 3);
      for (const { mesh, embedding, age, gender } of face) ok(mesh.length >= 468 && embedding.length && age && gender);
    },
  },
  {
    ...HUMAN,
    name: 'human: a face with attention',
    picture: FACE,
    load: (environment) => loadHuman(environment, {
      face: {
        enabled: true, detector: { enabled: true, rotation: true, ...skipNothing }, mesh: { enabled: true },
        attention: { enabled: true }, gear: { enabled: true, minConfidence: 0, modelPath: 'gear.json', ...skipNothing },
        mobilefacenet: { enabled: true, modelPath: 'mobilefacenet.json', ...skipNothing },
      },
    }),
    run: detect,
    least: ({ face: [face] }) => ok(face.mesh.length === 478 && face.race.length && face.embedding.length === 192),
  },
  {
    ...HUMAN,
    name: 'human: body and hands',
    picture: SOFA,
    load: (environment) => loadHuman(environment, {
      body: { enabled: true, modelPath: 'movenet-lightning.json', ...skipNothing },
      hand: { enabled: true, landmarks: true, ...skipNothing },
    }),
    run: detect,
    least: ({ body, hand }) => ok(body.length && hand.length),
  },
  {
    ...HUMAN,
    name: 'human: objects',
    picture: PEOPLE,
    load: (environment) => (
      loadHuman(environment, { object: { enabled: true, modelPath: 'centernet.json', ...skipNothing } })),
    run: detect,
    least: ({ object }) => ok(object.some(({ label }) => label === 'person')),
  },
  {
    ...HUMAN,
    name: 'human: background',
    picture: { ...PERSON, width: 256 },
    load: (environment) => (
      loadHuman(environment, { segmentation: { enabled: true, modelPath: 'rvm.json', ratio: 0.5, mode: 'alpha' } })),
    run: async (human, pixels) => values([await human.segmentation(pixels)].filter(Boolean)),
    least: ([pixel]) => equal(pixel.length, 256 * 256 * 4),
    step: () => 1, // whole numbers
  },
  {
    name: 'face-api',
    packages: ['@vladmandic/face-api'],
    weights: 'published',
    picture: PEOPLE,
    load: async ({ require }) => {
      const faceapi = require(join(dirname(require.resolve('@vladmandic/face-api')), 'face-api.node-wasm.js'));
      const { nets } = faceapi;
      for (const net of [nets.ssdMobilenetv1, nets.tinyFaceDetector, nets.faceLandmark68Net, nets.faceLandmark68TinyNet,
        nets.faceExpressionNet, nets.ageGenderNet, nets.faceRecognitionNet]) {
        await net.loadFromUri('http://localhost/face-api');
      }
      return faceapi;
    },
    run: async (faceapi, pixels) => {
      const all = (options, tiny) => faceapi.detectAllFaces(pixels, options).withFaceLandmarks(tiny)
        .withFaceExpressions().withAgeAndGender().withFaceDescriptors();
      const found = [
        ...await all(new faceapi.SsdMobilenetv1Options({ minConfidence: 0.3 }), false),
        ...await all(new faceapi.TinyFaceDetectorOptions({ inputSize: 416, scoreThreshold: 0.4 }), true),
      ];
      return found.map(({ detection, landmarks, expressions, age, gender, genderProbability, descriptor }) => ({
        box: [detection.box.x, detection.box.y, detection.box.width, detection.box.height], score: detection.score,
        landmarks: landmarks.positions.map(({ x, y }) => [x, y]), expressions: { ...expressions }, age, gender,
        genderProbability, descriptor,
      }));
    },
    least: (faces) => equal(faces.length, 6),
  },
  ...[
    ['MobileNetV2', 'MobileNetV2', {}],
    // From a server, as its documentation recommends: the copy in the package takes up to a minute to decode.
    ['MobileNetV2Mid', 'http://localhost/nsfwjs/mobilenet_v2_mid/', { type: 'graph' }],
    ['InceptionV3', 'http://localhost/nsfwjs/inception_v3/', { size: 299 }],
  ].map(([label, model, options]) => ({
    name: `nsfwjs ${label}`,
    packages: ['nsfwjs'],
    weights: 'published',
    picture: PEOPLE,
    load: ({ require }) => require('nsfwjs').load(model, options),
    run: (model, pixels) => model.classify(pixels),
    least: (classes) => equal(classes.length, 5),
  })),
  {
    name: 'blazeface',
    packages: ['@tensorflow-models/blazeface'],
    weights: 'published',
    picture: FACE,
    load: ({ require }) => require('@tensorflow-models/blazeface').load(),
    run: (model, pixels) => model.estimateFaces(pixels, false),
    least: (faces) => equal(faces.length, 1),
  },
  {
    name: 'facemesh',
    packages: ['@tensorflow-models/facemesh'],
    weights: 'published',
    picture: FACE,
    load: ({ require }) => require('@tensorflow-models/facemesh').load(),
    run: async (model, pixels) => (await model.estimateFaces(pixels)).map(({ annotations, ...rest }) => rest),
    least: ([face]) => ok(face.scaledMesh.length === 468 && face.faceInViewConfidence > 0.9),
  },
  ...[1, 2].map((version) => ({
    name: `mobilenet v${version} with knn-classifier`,
    packages: ['@tensorflow-models/mobilenet', '@tensorflow-models/knn-classifier'],
    weights: 'made',
    picture: PEOPLE,
    load: ({ require }) => require('@tensorflow-models/mobilenet').load({ version, alpha: 1 }),
    run: async (model, pixels, { require, tf }) => {
      const logits = model.infer(pixels), classes = await model.classify(pixels, 5);
      // Teaches a classifier three pictures by their embeddings, then shows it a fourth.
      const knn = require('@tensorflow-models/knn-classifier').create();
      const seen = [tf.reverse(pixels, 0), tf.reverse(pixels, 1), tf.zerosLike(pixels)];
      const embeddings = [...seen, pixels].map((picture) => model.infer(picture, true));
      for (let label = 0; label < 3; label++) knn.addExample(embeddings[label], label);
      const { label, confidences } = await knn.predictClass(embeddings[3], 2);
      knn.dispose();
      tf.dispose(seen);
      const [embedding] = values([embeddings[3]]);
      tf.dispose(embeddings);
      return { logits: values([logits])[0], classes, embedding, label, confidences };
    },
    least: ({ classes, logits, embedding }) => {
      equal(classes.length, 5);
      equal(logits.length, 1000);
      ok(embedding.some((value) => value > 0));
    },
  })),
  ...['MobileNetV1', 'ResNet50'].map((architecture) => ({
    name: `body-pix ${architecture}`,
    packages: ['@tensorflow-models/body-pix'],
    weights: 'made',
    picture: { ...PEOPLE, width: architecture === 'ResNet50' ? 192 : 320 },
    load: ({ require }) => require('@tensorflow-models/body-pix').load({
      architecture, outputStride: 16, quantBytes: 4, ...(architecture === 'MobileNetV1' && { multiplier: 0.75 }),
    }),
    run: async (model, pixels) => {
      const options = { internalResolution: 'medium', segmentationThreshold: 0.5, scoreThreshold: 0.2 };
      return {
        person: await model.segmentPerson(pixels, options),
        parts: await model.segmentPersonParts(pixels, options),
        people: await model.segmentMultiPerson(pixels, options),
      };
    },
    least: ({ person, parts, people }) => {
      for (const mask of [person.data, parts.data]) ok(new Set(mask).size > 1);
      ok(person.allPoses.length && people.length);
    },
  })),
  {
    name: 'posenet',
    packages: ['@tensorflow-models/posenet'],
    weights: 'published',
    picture: PEOPLE,
    load: ({ require }) => require('@tensorflow-models/posenet').load(),
    run: async (model, pixels) => ({
      one: await model.estimateSinglePose(pixels), many: await model.estimateMultiplePoses(pixels),
    }),
    least: ({ one, many }) => ok(one.score > 0.3 && many.length > 2),
  },
  ...[
    ['MoveNet lightning', 'MoveNet', { modelType: 'SinglePose.Lightning', enableSmoothing: false }, {}],
    ['MoveNet thunder', 'MoveNet', { modelType: 'SinglePose.Thunder', enableSmoothing: false }, {}],
    ['MoveNet multipose', 'MoveNet',
      { modelType: 'MultiPose.Lightning', enableSmoothing: false, enableTracking: false }, {}],
    ['PoseNet', 'PoseNet', { inputResolution: { width: 257, height: 257 } }, { maxPoses: 5 }],
    ...['lite', 'full', 'heavy'].map((modelType) => ([`BlazePose ${modelType}`, 'BlazePose',
      { runtime: 'tfjs', modelType, enableSmoothing: false, enableSegmentation: true }, {}])),
  ].map(([label, model, config, options]) => ({
    name: `pose-detection ${label}`,
    packages: ['@tensorflow-models/pose-detection'],
    weights: 'published',
    picture: model === 'BlazePose' ? WOMAN : PERSON,
    amplification: model === 'BlazePose' ? chained : undefined,
    load: ({ require }) => {
      const { createDetector, SupportedModels } = require('@tensorflow-models/pose-detection');
      return createDetector(SupportedModels[model], config);
    },
    run: async (detector, pixels) => {
      if (label !== 'MoveNet multipose') detector.reset(); // it throws there, without tracking
      const poses = await detector.estimatePoses(pixels, options);
      for (const pose of poses) {
        if (pose.segmentation) [pose.segmentation] = values([await pose.segmentation.mask.toTensor()]);
      }
      return poses;
    },
    least: (poses) => ok(poses.length && poses[0].keypoints.some(({ score }) => score > 0.5)),
  })),
  ...[['with attention', true], ['without attention', false]].map(([label, refineLandmarks]) => ({
    name: `face-landmarks-detection ${label}`,
    packages: ['@tensorflow-models/face-landmarks-detection', '@tensorflow-models/face-detection'],
    weights: 'published',
    picture: FACE,
    load: ({ require }) => {
      const { createDetector, SupportedModels } = require('@tensorflow-models/face-landmarks-detection');
      return createDetector(SupportedModels.MediaPipeFaceMesh, { runtime: 'tfjs', refineLandmarks, maxFaces: 2 });
    },
    run: (detector, pixels) => {
      detector.reset();
      return detector.estimateFaces(pixels);
    },
    least: ([face]) => equal(face.keypoints.length, refineLandmarks ? 478 : 468),
  })),
  ...['short', 'full'].map((modelType) => ({
    name: `face-detection ${modelType}`,
    packages: ['@tensorflow-models/face-detection'],
    weights: 'published',
    picture: PEOPLE,
    load: ({ require }) => {
      const { createDetector, SupportedModels } = require('@tensorflow-models/face-detection');
      return createDetector(SupportedModels.MediaPipeFaceDetector, { runtime: 'tfjs', modelType, maxFaces: 10 });
    },
    run: (detector, pixels) => detector.estimateFaces(pixels),
    least: (faces) => ok(faces.length >= 2),
  })),
  {
    name: 'handpose',
    packages: ['@tensorflow-models/handpose'],
    weights: 'published',
    picture: HAND,
    amplification: chained,
    load: ({ require }) => require('@tensorflow-models/handpose').load(),
    run: async (model, pixels) => {
      model.pipeline.regionsOfInterest = [];
      return (await model.estimateHands(pixels)).map(({ annotations, ...rest }) => rest);
    },
    least: ([hand]) => equal(hand.landmarks.length, 21),
  },
  {
    name: 'body-segmentation, landscape',
    packages: ['@tensorflow-models/body-segmentation'],
    weights: 'published',
    picture: PERSON,
    load: ({ require }) => {
      const { createSegmenter, SupportedModels } = require('@tensorflow-models/body-segmentation');
      return createSegmenter(SupportedModels.MediaPipeSelfieSegmentation, { runtime: 'tfjs', modelType: 'landscape' });
    },
    run: async (segmenter, pixels) => {
      const people = await segmenter.segmentPeople(pixels);
      return values(await Promise.all(people.map(({ mask }) => mask.toTensor())));
    },
    least: ([mask]) => ok(mask.some((value) => value > 0) && mask.some((value) => value < 0)),
  },
  {
    name: 'coco-ssd',
    packages: ['@tensorflow-models/coco-ssd'],
    weights: 'made',
    picture: PEOPLE,
    load: ({ require }) => require('@tensorflow-models/coco-ssd').load(),
    run: (model, pixels) => model.detect(pixels, 20, 0.5),
    least: (objects) => ok(objects.length),
  },
];
