# cwltool --no-container examples/cluster/pack.cwl --folder FOLDER
cwlVersion: v1.2
class: CommandLineTool
label: Packs a folder of data into container images.
baseCommand: [datacontainer, pack]
requirements:
  ResourceRequirement:
    coresMin: 2
    ramMin: 4000
inputs:
  folder:
    type: Directory
    doc: The dataset; its name becomes the name of the image.
    inputBinding:
      position: 1
  set:
    type:
      type: array
      items: string
      inputBinding:
        prefix: --set
    default: []
    doc: Keys of the configuration, such as version=2.0 or formats=[docker].
    inputBinding:
      position: 2
arguments:
  - prefix: --outdir
    valueFrom: results
  - prefix: --cores
    valueFrom: $(runtime.cores)
outputs:
  catalog:
    type: File
    outputBinding:
      glob: results/*/catalog.parquet
  archive:
    type: File?
    outputBinding:
      glob: results/*/*.docker.tar
  sif:
    type: File?
    outputBinding:
      glob: results/*/*.sif
