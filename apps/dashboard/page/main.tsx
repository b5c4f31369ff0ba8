import { render } from "preact";
import { App } from "./app.js";
import "uplot/dist/uPlot.min.css";
import "./styles/theme.css";
import "./styles/page.css";
import "./styles/run.css";
import "./styles/panels.css";

const root = document.getElementById("page");
if (root !== null) render(<App />, root);
