-- Metrics: what a representation is worth, without labels and with them.

return require("sslkit.lazy").module("sslkit.metrics", [[
  accumulator accuracy adaptive_ece alignment alpha_req ami ari augmentation_complexity auroc
  average_precision brier calinski_harabasz cca cka cka_accumulator cka_matrix cknna clid
  cluster_accuracy coherence collapse compare condition confusion contingency
  correlation_dimension davies_bouldin dead dormant ece effective_rank energy_distance
  eta_squared feature_rank fisher fpr_at_95 frechet hubness icnn inductive_bias kid lidar
  load_accumulator map_at_r matrix_entropy mean_average_precision mle_dimension mmd mrr
  mutual_knn nesum neural_collapse nll nmi numerical_rank participation_ratio pca_dimension
  procrustes purity pwcca r_precision rankme recall_at report rsa self_cluster silhouette
  spectrum spectrum_decay srank stable_rank surrogate_gap svcca tolerance twonn uniformity
  utilization v_measure
]])
