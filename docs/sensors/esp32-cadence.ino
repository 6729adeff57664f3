// An ESP32 with an MPU-6050 (SDA, SCL, 3.3 V, ground) as a running sensor: prints its acceleration, line by line, to
// whoever subscribes. Needs the library NimBLE-Arduino, 2.0 or later. See ../home-made-sensor.md for the line format.

#include <NimBLEDevice.h>
#include <Wire.h>
#include <algorithm>

constexpr uint32_t PERIOD_MS = 10;  // 100 samples a second
constexpr int SAMPLES_A_BATCH = 5;  // the radio wakes 20 times a second

constexpr char SERVICE[] = "6E400001-B5A3-F393-E0A9-E50E24DCCA9E";
constexpr char TX[] = "6E400003-B5A3-F393-E0A9-E50E24DCCA9E";

// Registers of the MPU-6050.
constexpr uint8_t MPU = 0x68;
constexpr uint8_t RATE_DIVIDER = 0x19, FILTER = 0x1A, RANGE = 0x1C, ACCELERATION = 0x3B, POWER = 0x6B;
constexpr float COUNTS_PER_G = 4096;  // within 8 g

NimBLEServer *server;
NimBLECharacteristic *tx;
volatile uint16_t listener = BLE_HS_CONN_HANDLE_NONE;

char text[512];
size_t length = 0;
int samples = 0;
uint32_t due_ms = 0;

class Links : public NimBLEServerCallbacks, public NimBLECharacteristicCallbacks {
  void onSubscribe(NimBLECharacteristic *, NimBLEConnInfo &link, uint16_t how) override {
    listener = how ? link.getConnHandle() : BLE_HS_CONN_HANDLE_NONE;
  }
  void onDisconnect(NimBLEServer *, NimBLEConnInfo &, int) override { listener = BLE_HS_CONN_HANDLE_NONE; }
} links;

void set(uint8_t what, uint8_t value) {
  Wire.beginTransmission(MPU);
  Wire.write(what);
  Wire.write(value);
  Wire.endTransmission();
}

bool measure(float g[3]) {
  Wire.beginTransmission(MPU);
  Wire.write(ACCELERATION);
  if (Wire.endTransmission(false) != 0 || Wire.requestFrom(MPU, (uint8_t)6) != 6) return false;
  for (int axis = 0; axis < 3; axis++) {
    const uint8_t high = Wire.read(), low = Wire.read();
    g[axis] = (int16_t)(high << 8 | low) / COUNTS_PER_G;
  }
  return true;
}

void send() {
  const size_t room = server->getPeerMTU(listener) - 3;  // 20 bytes, or more once the coach has asked for more
  for (size_t sent = 0; sent < length && listener != BLE_HS_CONN_HANDLE_NONE; sent += room) {
    const uint8_t *part = (const uint8_t *)text + sent;
    for (int tries = 0; tries < 10 && !tx->notify(part, std::min(room, length - sent), listener); tries++) delay(2);
  }
}

void setup() {
  Wire.begin();
  Wire.setClock(400000);
  set(POWER, 0);
  set(FILTER, 3);        // below 44 Hz
  set(RATE_DIVIDER, 9);  // 1 kHz / (1 + 9)
  set(RANGE, 2 << 3);    // within 8 g

  NimBLEDevice::init("Cadence");
  server = NimBLEDevice::createServer();
  server->setCallbacks(&links, false);
  server->advertiseOnDisconnect(true);
  NimBLEService *service = server->createService(SERVICE);
  tx = service->createCharacteristic(TX, NIMBLE_PROPERTY::NOTIFY);
  tx->setCallbacks(&links);
  service->start();

  NimBLEAdvertising *advertising = NimBLEDevice::getAdvertising();
  advertising->enableScanResponse(true);
  advertising->addServiceUUID(SERVICE);
  advertising->setName("Cadence");
  advertising->start();
}

void loop() {
  if (listener == BLE_HS_CONN_HANDLE_NONE) {
    length = samples = 0;
    due_ms = millis();
    delay(100);
    return;
  }
  const int32_t early_ms = due_ms - millis();
  if (early_ms > 0) delay(early_ms);
  due_ms = (early_ms > 0 ? due_ms : millis()) + PERIOD_MS;  // what is late is not hurried after

  float g[3];
  if (!measure(g)) return;
  const unsigned long now_ms = millis();
  length += snprintf(text + length, sizeof text - length, "%lu,%.3f,%.3f,%.3f\n", now_ms, g[0], g[1], g[2]);
  if (++samples == SAMPLES_A_BATCH) {
    send();
    length = samples = 0;
  }
}
