package controllers

// What the manager may do, and nothing more. `make manifests` turns these markers into config/rbac/role.yaml and into the chart;
// a right that is missing here is missing in both. There is no right to Secrets: workers mount them, the manager never reads one.

// The kinds. Activations and DataSources can carry a finalizer; Runs are made and removed; everything else is only read. Where the API
// server enforces it (OwnerReferencesPermissionEnforcement), naming an owner takes the right to its finalizers: a Run's is its
// subject, and a Job's and a plan's their Run.
// +kubebuilder:rbac:groups=cdp.kith.dev,resources=workspaces;datasources;identityrules;traits;segments;destinations;activations;runs,verbs=get;list;watch
// +kubebuilder:rbac:groups=cdp.kith.dev,resources=activations;datasources,verbs=update;patch
// +kubebuilder:rbac:groups=cdp.kith.dev,resources=workspaces/finalizers;datasources/finalizers;identityrules/finalizers;activations/finalizers;runs/finalizers,verbs=update
// +kubebuilder:rbac:groups=cdp.kith.dev,resources=runs,verbs=create;delete
// +kubebuilder:rbac:groups=cdp.kith.dev,resources=workspaces/status;datasources/status;identityrules/status;traits/status;segments/status;destinations/status;activations/status;runs/status,verbs=get;update;patch

// A Run's Job and its plan. Plans are read one by one, by name: to list or watch ConfigMaps would be to hold all of a cluster's.
// Pods tell why a worker does not start, claims whether the lake's volume is there.
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create;delete
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get;create
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get

// What a namespace needs before its first worker: the account kith-worker, a Role that lets workers report on Runs, its binding, and
// a policy that lets nobody connect to a worker. Two of them are brought up to date after an upgrade. Kubernetes lets the manager
// grant only what it holds itself. `create` can't be limited to names.
// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=create
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=roles;rolebindings,verbs=create
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=roles,resourceNames=kith-worker,verbs=update
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=create
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,resourceNames=kith-worker,verbs=update

// Events. Leader election still writes to the older group.
// +kubebuilder:rbac:groups="";events.k8s.io,resources=events,verbs=create;patch

// In its own namespace: the lease kith-manager, and the events of leader election where it may not write them everywhere.
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=kith-system,resources=leases,verbs=create
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=kith-system,resources=leases,resourceNames=kith-manager,verbs=get;update;patch
// +kubebuilder:rbac:groups="";events.k8s.io,namespace=kith-system,resources=events,verbs=create;patch
