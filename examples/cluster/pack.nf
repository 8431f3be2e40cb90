// nextflow run examples/cluster/pack.nf --folder FOLDER
// The tests run the script of the process alone, as no Nextflow is installed there.
params.folder = "examples/fruit"

process PACK {
    tag "${folder.name}"
    cpus 2
    memory "4 GB"
    time "24h"

    input:
    path folder

    output:
    path "results/*/catalog.parquet", emit: catalog
    path "results/*/*.docker.tar", emit: archive, optional: true
    path "results/*/*.sif", emit: sif, optional: true

    script:
    """
    datacontainer pack '${folder}' --outdir results --cores ${task.cpus} ${task.ext.args ?: ''}
    """
}

workflow {
    PACK(Channel.fromPath(params.folder, type: "dir", checkIfExists: true))
}
