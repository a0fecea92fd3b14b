"""Who is in this picture? Trained networks at work, and in the formats of other software.

predict    the one door: `load_predictor`, then `Predictor.predict_pictures`
trained    which network to ask, and what it did not learn of the project as it is
squares    pictures as training packed them
backends   what computes logits: torch as it is, or onnxruntime
exported   networks as ONNX in .cache/onnx/, made on first use
answers    from logits to words
questions  files, folders, globs, addresses and lists, as a user names them
many       any number of pictures, in batches, whatever becomes of single ones
explained  heat maps of answers
lines      answers as text, JSON or CSV, appended to a file that can be resumed
view       how a network sees a packed square, as part of an ONNX graph
export     trained networks as ONNX or safetensors
parity     whether ONNX says what torch says, and how fast
dataset    the pictures as folders that other software reads

torch is imported by view, export and explained, and by backends inside `TorchNetwork`: a prediction
with onnxruntime starts in less than a second.

Letters in the names of arrays: B pictures of a batch, K classes, P side of a packed square in px,
C = 3 colours, S side that the network sees.
"""
