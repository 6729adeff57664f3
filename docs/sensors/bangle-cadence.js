// A Bangle.js (1 or 2) as a running sensor: sends its acceleration, line by line, while somebody is connected.
// Load it with the Web IDE, or store it as an app. The button ends it. See ../home-made-sensor.md for the line format.

// Registers of the accelerometer, a KX023. It measures 12.5 times a second until told otherwise, however often it is
// asked, and within 4 g, which a foot or a wrist exceeds. The firmware takes 4 g for granted: within 8 g it shows half.
const CONTROL = 0x18, OUTPUT_RATE = 0x1b;
const RESTING = { range: 0x6c, rate: 0x00, period_ms: 80, shown: 1 }; // 4 g, 12.5 Hz, as the watch has it
const RUNNING = { range: 0x74, rate: 0x42, period_ms: 20, shown: 2 }; // 8 g, 50 Hz; 0x43 and 10 ms for 100 Hz
const MEASURE = 0x80;

let start_s = 0;
let sending = false;

function setAccelerometer(how) {
  Bangle.accelWr(CONTROL, how.range); // its rate can be set only while it does not measure
  Bangle.accelWr(OUTPUT_RATE, how.rate);
  Bangle.accelWr(CONTROL, how.range | MEASURE);
  Bangle.setPollInterval(how.period_ms);
}

function send(acc) {
  const numbers = [getTime() - start_s, acc.x * RUNNING.shown, acc.y * RUNNING.shown, acc.z * RUNNING.shown];
  Bluetooth.println(numbers.map(n => n.toFixed(3)).join(","));
}

function begin() {
  if (sending) return;
  sending = true;
  start_s = getTime();
  setAccelerometer(RUNNING);
  Bangle.on("accel", send);
  E.showMessage("Sending", "Cadence");
}

function end() {
  if (!sending) return;
  sending = false;
  Bangle.removeListener("accel", send);
  setAccelerometer(RESTING); // the battery lasts for weeks with it
  E.showMessage("Waiting for\nthe coach", "Cadence");
}

NRF.on("connect", begin);
NRF.on("disconnect", end);
E.on("kill", end);
setWatch(() => load(), global.BTN2 ? BTN2 : BTN);
E.showMessage("Waiting for\nthe coach", "Cadence");
if (NRF.getSecurityStatus().connected) begin();
