"""What a trained network looks at when it says who is in a picture. Needs torch.

heat       one heat map a picture: which way of looking fits which network
evidence   what each place says for a class: maps of a CNN, tokens of a recurrent network, pixels
attention  where attention leads: rollout through an encoder, the glances of a decoder
belief     what the network believes while it reads
overlay    a heat map over its picture (no torch)
sheet      explain.png: pictures that were right and wrong (no torch)
report     explain.png and belief.svg of an evaluated network

Letters beside those of `pipeline.networks`: G side of a square of tokens or of a feature map.
"""
