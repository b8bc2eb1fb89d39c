"""What every service shares and no service owns.

Test for entry: two services need it, and it holds no word of the product (no scene, asset, job or render).
Everything here takes values as arguments and never reads a service's settings.
"""
