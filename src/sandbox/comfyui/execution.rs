//! Running prompts: one at a time, node by node, with the frames a real run sends.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    faults::{Breakage, Fault},
    lock,
    picture::{self, Subject},
    server::{Item, Server},
};

/// How a run ends.
enum End {
    Success,
    /// Broken or interrupted; the messages tell.
    Failure,
    /// Queue and history were emptied under it.
    Vanished,
}

impl Server {
    /// Runs what is in the queue, for as long as the server lives.
    pub(super) async fn work(self: Arc<Self>) {
        loop {
            let item = {
                let mut queue = lock(&self.queue);
                let item = queue.take();
                queue.running = item.clone();
                item
            };
            match item {
                Some(item) => self.run(item).await,
                None => self.work.notified().await,
            }
        }
    }

    async fn run(&self, item: Item) {
        *lock(&self.interrupted) = false;
        self.sockets.tell_all(&self.status());
        let mut run =
            Run { server: self, item: &item, messages: Vec::new(), outputs: Map::new(), executed: Vec::new(), node_states: Map::new() };
        let end = run.execute().await;
        let Run { messages, outputs, .. } = run;
        let vanished = matches!(end, End::Vanished);
        if !vanished {
            let success = matches!(end, End::Success);
            let status = json!({"status_str": if success { "success" } else { "error" }, "completed": success, "messages": messages});
            let entry =
                json!({"prompt": item.shown(), "outputs": if success { outputs } else { Map::new() }, "status": status, "meta": {}});
            if let Some(reads) = self.lasting.faults.take(|fault| if let Fault::LagHistory { reads } = fault { Some(*reads) } else { None })
            {
                *lock(&self.lag) = reads;
            }
            lock(&self.history).push((item.prompt_id.clone(), entry));
        }
        lock(&self.queue).running = None;
        self.sockets.tell_all(&self.status());
        if !vanished {
            self.sockets
                .tell(item.client_id.as_deref(), &json!({"type": "executing", "data": {"node": null, "prompt_id": item.prompt_id}}));
        }
    }
}

/// One prompt being run.
struct Run<'a> {
    server: &'a Server,
    item: &'a Item,
    messages: Vec<Value>,
    outputs: Map<String, Value>,
    executed: Vec<String>,
    node_states: Map<String, Value>,
}

impl Run<'_> {
    async fn execute(&mut self) -> End {
        self.message("execution_start", json!({}));
        let order = order(&self.item.graph, &self.item.outputs);
        let (cached, signatures) = self.cached(&order);
        self.message("execution_cached", json!({"nodes": cached}));
        for id in &order {
            if cached.contains(id) {
                self.reuse(id);
                continue;
            }
            if let Some(end) = self.node(id).await {
                // What has run stays in the cache, what has not does not.
                lock(&self.server.cache).nodes =
                    self.executed.iter().filter_map(|id| signatures.get(id)?.as_str().map(str::to_owned)).collect();
                return end;
            }
            self.executed.push(id.clone());
        }
        let mut cache = lock(&self.server.cache);
        cache.nodes = signatures.values().filter_map(Value::as_str).map(str::to_owned).collect();
        cache.outputs =
            order.iter().filter_map(|id| Some((signatures.get(id)?.as_str()?.to_owned(), self.outputs.get(id)?.clone()))).collect();
        drop(cache);
        self.message("execution_success", json!({}));
        End::Success
    }

    /// Which nodes need not run, because the last prompt had the same with the same before them.
    fn cached(&self, order: &[String]) -> (Vec<String>, Map<String, Value>) {
        let signatures: Map<String, Value> = order.iter().map(|id| (id.clone(), signature(&self.item.graph, id).into())).collect();
        let cache = lock(&self.server.cache);
        let mut cached: Vec<String> =
            order.iter().filter(|id| signatures[id.as_str()].as_str().is_some_and(|known| cache.nodes.contains(known))).cloned().collect();
        cached.sort();
        (cached, signatures)
    }

    /// An output node that need not run names its old file.
    fn reuse(&mut self, id: &str) {
        let signature = signature(&self.item.graph, id);
        let output = lock(&self.server.cache).outputs.get(&signature).cloned();
        if let Some(output) = output {
            self.put_out(id, output);
            self.state(id, "finished", 1.0, 1.0);
        }
    }

    /// Runs one node. Answers how the prompt ends, when it ends here.
    async fn node(&mut self, id: &str) -> Option<End> {
        let class = self.class(id).to_owned();
        self.state(id, "running", 0.0, 1.0);
        self.tell("executing", json!({"node": id, "display_node": id}));
        if let Some(end) = self.breaks(id, &class) {
            return Some(end);
        }
        match class.as_str() {
            "KSampler" => {
                if let Some(end) = self.sample(id).await {
                    return Some(end);
                }
            }
            "SaveImage" | "PreviewImage" => self.save(id, &class).await,
            _ => self.state(id, "finished", 1.0, 1.0),
        }
        None
    }

    async fn sample(&mut self, id: &str) -> Option<End> {
        let steps = self.input(id, "steps").as_u64().unwrap_or(1).max(1) as u32;
        let subject = subject(&self.item.graph, id);
        let previews = tokio::task::spawn_blocking(move || picture::previews(&subject, steps)).await.unwrap_or_default();
        let faults = &self.server.lasting.faults;
        for step in 1..=steps {
            tokio::time::sleep(self.server.lasting.step_time).await;
            let stick =
                faults.take(|fault| if let Fault::Stick { at_step, deaf } = fault { (*at_step == step).then_some(*deaf) } else { None });
            if let Some(deaf) = stick {
                self.wait_for_interrupt(deaf).await;
            }
            if std::mem::take(&mut *lock(&self.server.interrupted)) {
                return Some(self.interrupted(id));
            }
            if let Some(jpeg) = previews.get(step as usize - 1) {
                self.server.sockets.preview(self.item.client_id.as_deref(), &self.item.prompt_id, id, jpeg);
            }
            self.state(id, "running", step.into(), steps.into());
            self.tell("progress", json!({"value": step, "max": steps, "node": id}));
            if faults.takes(&Fault::DropSockets { after_step: step }) {
                self.server.sockets.break_off();
            }
            if faults.takes(&Fault::LoseQueue { at_step: step }) {
                lock(&self.server.queue).pending.clear();
                lock(&self.server.history).clear();
                return Some(End::Vanished);
            }
        }
        self.state(id, "finished", steps.into(), steps.into());
        None
    }

    /// Until it is told to stop or let go; a deaf one until the server ends.
    async fn wait_for_interrupt(&self, deaf: bool) {
        while deaf || (self.server.lasting.faults.holds() && !*lock(&self.server.interrupted)) {
            tokio::time::sleep(self.server.lasting.step_time).await;
        }
    }

    async fn save(&mut self, id: &str, class: &str) {
        let graph = self.item.graph.clone();
        let extra = self.item.extra.get("extra_pnginfo").cloned();
        let subject = upstream(&graph, id, "KSampler").map(|sampler| subject(&graph, &sampler)).unwrap_or_default();
        let count = subject.count;
        let (folder, prefix) = match class {
            "PreviewImage" => ("temp", "ComfyUI_temp".to_owned()),
            _ => ("output", expand(self.input(id, "filename_prefix").as_str().unwrap_or("ComfyUI"), &subject)),
        };
        let drawn = tokio::task::spawn_blocking(move || {
            (0..count).map(|n| picture::png(&subject, n, &graph, extra.as_ref())).collect::<Vec<Bytes>>()
        });
        let pictures = drawn.await.unwrap_or_default();
        let lose = self.server.lasting.faults.takes(&Fault::LoseOutput);
        let images: Vec<Value> = {
            let mut files = lock(&self.server.files);
            let images: Vec<Value> = pictures.into_iter().map(|bytes| files.save(folder, &prefix, bytes)).collect();
            if lose {
                images.iter().for_each(|image| files.delete(image));
            }
            images
        };
        self.put_out(id, json!({"images": images}));
        self.state(id, "finished", 1.0, 1.0);
    }

    fn put_out(&mut self, id: &str, output: Value) {
        self.tell("executed", json!({"node": id, "display_node": id, "output": output}));
        self.outputs.insert(id.to_owned(), output);
    }

    fn interrupted(&mut self, id: &str) -> End {
        let class = self.class(id).to_owned();
        self.message("execution_interrupted", json!({"node_id": id, "node_type": class, "executed": self.executed}));
        End::Failure
    }

    /// The runs that break, broken as recorded.
    fn breaks(&mut self, id: &str, class: &str) -> Option<End> {
        let asked = self.server.lasting.faults.take(|fault| match fault {
            Fault::Break { how } => (class == breaks_in(*how)).then_some(*how),
            _ => None,
        });
        // Files whose names say so break without being asked.
        let file = |name: &str| self.input(id, name).as_str().unwrap_or_default().to_owned();
        let by_itself = match class {
            "CheckpointLoaderSimple" if file("ckpt_name").contains("broken") => Some(Breakage::BrokenCheckpoint),
            "LoraLoader" if file("lora_name").contains("corrupt") => Some(Breakage::CorruptLora),
            "CLIPTextEncode" => upstream(&self.item.graph, id, "CheckpointLoaderSimple")
                .filter(|loader| self.input(loader, "ckpt_name").as_str().is_some_and(|name| name.contains("unet-only")))
                .map(|_| Breakage::NoTextEncoder),
            _ => None,
        };
        let (kind, words) = exception(asked.or(by_itself)?);
        let data = json!({
            "node_id": id, "node_type": class, "executed": self.executed, "exception_message": words, "exception_type": kind,
            "traceback": ["  File \"/comfyui/execution.py\", line 496, in execute\n    [source line]\n"], "current_inputs": {}, "current_outputs": []
        });
        self.message("execution_error", data);
        Some(End::Failure)
    }

    /// A frame that the history keeps too.
    fn message(&mut self, kind: &str, mut data: Value) {
        data["prompt_id"] = self.item.prompt_id.clone().into();
        data["timestamp"] = chrono::Utc::now().timestamp_millis().into();
        self.messages.push(json!([kind, data]));
        if self.item.client_id.is_some() || kind == "execution_interrupted" {
            self.server.sockets.tell(self.item.client_id.as_deref(), &json!({"type": kind, "data": data}));
        }
    }

    /// Without a client, only progress goes out, and to everybody.
    fn tell(&self, kind: &str, mut data: Value) {
        if self.item.client_id.is_none() && kind != "progress" {
            return;
        }
        data["prompt_id"] = self.item.prompt_id.clone().into();
        self.server.sockets.tell(self.item.client_id.as_deref(), &json!({"type": kind, "data": data}));
    }

    fn state(&mut self, id: &str, state: &str, value: f64, max: f64) {
        let node = json!({
            "value": value, "max": max, "state": state, "node_id": id, "prompt_id": self.item.prompt_id,
            "display_node_id": id, "parent_node_id": null, "real_node_id": id
        });
        self.node_states.insert(id.to_owned(), node);
        let data = json!({"prompt_id": self.item.prompt_id, "nodes": self.node_states});
        self.server.sockets.tell(self.item.client_id.as_deref(), &json!({"type": "progress_state", "data": data}));
    }

    fn class(&self, id: &str) -> &str {
        self.item.graph[id]["class_type"].as_str().unwrap_or_default()
    }

    fn input(&self, id: &str, name: &str) -> &Value {
        &self.item.graph[id]["inputs"][name]
    }
}

fn breaks_in(how: Breakage) -> &'static str {
    match how {
        Breakage::BrokenCheckpoint => "CheckpointLoaderSimple",
        Breakage::CorruptLora => "LoraLoader",
        Breakage::NoTextEncoder => "CLIPTextEncode",
        Breakage::OutOfMemory => "KSampler",
    }
}

fn exception(how: Breakage) -> (&'static str, &'static str) {
    const SAFETENSORS: &str = "safetensors._safetensors_rust.SafetensorError";
    match how {
        Breakage::BrokenCheckpoint => (SAFETENSORS, "Error while deserializing header: incomplete metadata, file not fully covered\n"),
        Breakage::CorruptLora => (SAFETENSORS, "Error while deserializing header: header too large\n"),
        Breakage::NoTextEncoder => (
            "RuntimeError",
            "ERROR: clip input is invalid: None\n\nIf the clip is from a checkpoint loader node your checkpoint does not contain a valid clip or text encoder model.\n",
        ),
        Breakage::OutOfMemory => ("torch.OutOfMemoryError", "Allocation on device \nThis error means you ran out of memory on your GPU.\n"),
    }
}

/// The nodes before each output, each after what it needs.
fn order(graph: &Map<String, Value>, outputs: &[String]) -> Vec<String> {
    fn visit(graph: &Map<String, Value>, id: &str, seen: &mut HashSet<String>, order: &mut Vec<String>) {
        if !seen.insert(id.to_owned()) {
            return;
        }
        for before in links(graph, id) {
            visit(graph, &before, seen, order);
        }
        order.push(id.to_owned());
    }
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    outputs.iter().for_each(|output| visit(graph, output, &mut seen, &mut order));
    order
}

fn links(graph: &Map<String, Value>, id: &str) -> Vec<String> {
    let inputs = graph.get(id).and_then(|node| node["inputs"].as_object());
    inputs.into_iter().flatten().filter_map(|(_, value)| value.as_array()?.first()?.as_str().map(str::to_owned)).collect()
}

/// The nearest node of that class before `id`, or `id` itself.
fn upstream(graph: &Map<String, Value>, id: &str, class: &str) -> Option<String> {
    if graph.get(id)?["class_type"] == class {
        return Some(id.to_owned());
    }
    links(graph, id).iter().find_map(|before| upstream(graph, before, class))
}

/// A node by what goes into it: the same signature means the same result.
fn signature(graph: &Map<String, Value>, id: &str) -> String {
    let Some(node) = graph.get(id) else { return String::new() };
    let inputs = node["inputs"].as_object().into_iter().flatten().map(|(name, value)| {
        let link = value.as_array().and_then(|link| Some((link.first()?.as_str()?, link.get(1)?)));
        let value = link.map_or_else(|| value.to_string(), |(from, slot)| format!("({})#{slot}", signature(graph, from)));
        format!("{name}={value}")
    });
    format!("{id}:{}[{}]", node["class_type"], inputs.collect::<Vec<_>>().join(","))
}

/// What a sampler is to draw, from everything before it.
fn subject(graph: &Map<String, Value>, sampler: &str) -> Subject {
    let input = |id: &str, name: &str| graph[id]["inputs"][name].clone();
    let text = |name: &str| {
        let link = input(sampler, name);
        let encode = link.get(0).and_then(Value::as_str).and_then(|id| upstream(graph, id, "CLIPTextEncode"));
        encode.map(|id| input(&id, "text").as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    let latent = input(sampler, "latent_image").get(0).and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
    let size = |name: &str, usual: u64| graph.get(&latent).and_then(|node| node["inputs"][name].as_u64()).unwrap_or(usual).min(8192) as u32;
    let loaders = graph.values().filter(|node| node["class_type"].as_str().is_some_and(|class| class.contains("Loader")));
    Subject {
        prompt: text("positive"),
        files: loaders.map(|node| node["inputs"].to_string()).collect::<Vec<_>>().join(";"),
        seed: input(sampler, "seed").as_u64().unwrap_or_default(),
        width: size("width", 512),
        height: size("height", 512),
        count: size("batch_size", 1).clamp(1, 16),
    }
}

fn expand(prefix: &str, subject: &Subject) -> String {
    prefix.replace("%width%", &subject.width.to_string()).replace("%height%", &subject.height.to_string())
}
