// Makes every call of npm's statuspage.io against the address in its first argument and prints what came of each.

import { Statuspage } from 'statuspage.io';

const client = new Statuspage('unused');
client.setApiUrl(process.argv[2]);
const { api } = client;

const calls = {
  getSummary: () => api.getSummary(),
  getStatus: () => api.getStatus(),
  getComponents: () => api.getComponents(),
  'incidents.getAll': () => api.incidents.getAll(),
  'incidents.getUnresolved': () => api.incidents.getUnresolved(),
  'scheduledMaintenances.getActive': () => api.scheduledMaintenances.getActive(),
  'scheduledMaintenances.getAll': () => api.scheduledMaintenances.getAll(),
  'scheduledMaintenances.getUpcoming': () => api.scheduledMaintenances.getUpcoming(),
  'subscribers.createPageSubscription': () => api.subscribers.createPageSubscription({ email: 'ana@example.com' }),
  'subscribers.createComponentSubscription': () =>
    api.subscribers.createComponentSubscription({ email: 'ana@example.com', component_id: 'aaaaaaaaaaaa' }),
  'subscribers.createIncidentSubscription': () =>
    api.subscribers.createIncidentSubscription({ email: 'ana@example.com', incident_id: 'aaaaaaaaaaaa' }),
  'subscribers.getSubscription': () => api.subscribers.getSubscription('aaaaaaaaaaaa'),
  'subscribers.removeSubscription': () => api.subscribers.removeSubscription('aaaaaaaaaaaa'),
};

const made = {};
for (const [name, call] of Object.entries(calls)) {
  try {
    made[name] = { data: await call() };
  } catch (error) {
    made[name] = { status: error.response?.status ?? null, error: error.message };
  }
}
console.log(JSON.stringify(made));
